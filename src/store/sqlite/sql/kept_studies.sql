SELECT id, study, uid, accession
FROM known_study INDEXED BY known_study_still_open
WHERE id > ?1 AND closed = 0
ORDER BY id
LIMIT ?2
