SELECT id, study, NOT EXISTS (SELECT 1 FROM item i INDEXED BY item_study WHERE i.study = k.study)
FROM known_study k INDEXED BY known_study_still_open
WHERE id > ?1 AND closed = 0
ORDER BY id
LIMIT ?2
