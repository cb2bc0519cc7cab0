SELECT 1 FROM known_study k
WHERE k.id = ?1 AND k.study = ?2 AND k.closed = 0
  AND NOT EXISTS (SELECT 1 FROM item INDEXED BY item_study WHERE study = k.study)
