DELETE FROM known_study
WHERE id = ?1
  AND NOT EXISTS (SELECT 1 FROM delivered WHERE study = ?1)
  AND NOT EXISTS (SELECT 1 FROM past_item WHERE study = ?1)
  AND NOT EXISTS (SELECT 1 FROM item INDEXED BY item_study WHERE study = known_study.study)
