SELECT number, study_uid, given FROM serial
WHERE name = ?1 AND study_uid = ?2 AND number > ?3
LIMIT ?4
