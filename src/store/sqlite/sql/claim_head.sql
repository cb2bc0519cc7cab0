-- The most urgent, then oldest, item that is ready: the first entry of a range of the index.
SELECT id, grp, priority
FROM item INDEXED BY item_queue
WHERE destination = ?1 AND state = 'Pending'
ORDER BY priority DESC, id
LIMIT 1
