-- What a person wants sent now, alone, and of none of the groups in ?3 (NULL: of any).
SELECT id, grp, priority, 1, 1
FROM item i INDEXED BY item_hurried
WHERE destination = ?1 AND state = 'Pending' AND hurried = 1 AND priority >= ?2
  AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
  AND (?3 IS NULL OR grp IS NULL OR grp NOT IN (SELECT value FROM json_each(?3)))
ORDER BY priority DESC, id
LIMIT 1
