SELECT id FROM known_study WHERE study = ?1
UNION ALL
SELECT id FROM known_study WHERE uid = ?1 AND uid <> ''
