-- The most urgent, then oldest, item that is ready and at least this urgent: the first entry of a range of the
-- index. The few that are held back are passed over.
SELECT id, CASE WHEN EXISTS (SELECT 1 FROM suspect s WHERE s.item = i.id AND s.way <> 'Any') THEN NULL ELSE grp END,
    priority
FROM item i INDEXED BY item_queue
WHERE destination = ?1 AND state = 'Pending' AND priority >= ?2
  AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
ORDER BY priority DESC, id
LIMIT 1
