SELECT id, study, closed FROM known_study WHERE study = ?1 AND id <> ?3
UNION ALL
SELECT id, study, closed FROM known_study WHERE uid = ?2 AND uid <> '' AND study <> ?1
