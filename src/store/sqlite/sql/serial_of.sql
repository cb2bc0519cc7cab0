SELECT number FROM serial WHERE name = ?1 AND study_uid = ?2
