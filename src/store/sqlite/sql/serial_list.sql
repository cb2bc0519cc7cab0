SELECT number, study_uid, given FROM serial
WHERE name = ?1 AND number > ?2
ORDER BY number
LIMIT ?3
