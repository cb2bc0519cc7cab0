-- What a person wants sent now of one group.
SELECT id, grp, priority, 1, 1
FROM item i INDEXED BY item_hurried
WHERE destination = ?1 AND state = 'Pending' AND hurried = 1 AND priority >= ?2 AND grp = ?3
  AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
ORDER BY priority DESC, id
LIMIT 1
