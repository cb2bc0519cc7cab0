-- The oldest item that is ready: one probe of the index for each priority.
SELECT id, CASE WHEN EXISTS (SELECT 1 FROM suspect s WHERE s.item = item.id AND s.way <> 'Any') THEN NULL ELSE grp END,
    priority
FROM item
WHERE id = (
    SELECT min((
        SELECT i.id FROM item i INDEXED BY item_queue
        WHERE i.destination = ?1 AND i.state = 'Pending' AND i.priority = p.column1
          AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
        ORDER BY i.id LIMIT 1))
    FROM (VALUES (0), (1), (2), (3)) p)
