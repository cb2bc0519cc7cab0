-- What Orthanc tells now counts; one that it does not describe keeps what was told before.
INSERT INTO known_study (study, uid, accession) VALUES (?1, ?2, ?3)
ON CONFLICT (study) WHERE closed = 0 DO UPDATE SET uid = excluded.uid, accession = excluded.accession
WHERE excluded.uid <> '' AND (uid <> excluded.uid OR accession <> excluded.accession)
