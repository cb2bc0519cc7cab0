-- Whether there is something to be closed or removed of it, and no item.
SELECT k.id, k.study,
    NOT EXISTS (SELECT 1 FROM item INDEXED BY item_study WHERE study = k.study)
    AND (EXISTS (SELECT 1 FROM past_item WHERE study = k.id)
      OR EXISTS (SELECT 1 FROM delivered WHERE study = k.id AND instances IS NULL)
      OR NOT EXISTS (SELECT 1 FROM delivered WHERE study = k.id))
FROM known_study k
WHERE k.id > ?1
ORDER BY k.id
LIMIT ?2
