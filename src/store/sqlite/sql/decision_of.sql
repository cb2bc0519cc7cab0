SELECT key, value FROM decision WHERE recipe = ?1 AND study_uid = ?2
