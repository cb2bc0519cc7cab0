-- The most urgent, then oldest, item that is ready and at least this urgent: the first entry of a range of the
-- index.
SELECT id, grp, priority
FROM item INDEXED BY item_queue
WHERE destination = ?1 AND state = 'Pending' AND priority >= ?2
ORDER BY priority DESC, id
LIMIT 1
