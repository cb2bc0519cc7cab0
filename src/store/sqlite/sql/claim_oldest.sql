-- The oldest item that is ready: one probe of the index for each priority.
SELECT id, grp, priority
FROM item
WHERE id = (
    SELECT min((
        SELECT i.id FROM item i INDEXED BY item_queue
        WHERE i.destination = ?1 AND i.state = 'Pending' AND i.priority = p.column1
        ORDER BY i.id LIMIT 1))
    FROM (VALUES (0), (1), (2), (3)) p)
