-- What a person wants sent now: alone, so without its group.
SELECT id, NULL, priority
FROM item i INDEXED BY item_hurried
WHERE destination = ?1 AND state = 'Pending' AND hurried = 1 AND priority >= ?2
  AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
ORDER BY priority DESC, id
LIMIT 1
