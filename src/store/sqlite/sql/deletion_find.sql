WHERE id IN (
    SELECT id FROM deletion WHERE study = ?3
    UNION SELECT id FROM deletion WHERE uid = ?3 AND uid <> ''
    UNION SELECT id FROM deletion WHERE accession = ?4 AND accession <> '')
  AND (?3 IS NULL OR study = ?3 OR uid = ?3) AND (?4 IS NULL OR accession = ?4)
