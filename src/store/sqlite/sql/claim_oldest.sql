-- The oldest item that is ready, and of none of the groups in ?2 (NULL: of any): one probe of the index for each
-- priority.
SELECT id, grp, priority, EXISTS (SELECT 1 FROM suspect s WHERE s.item = item.id AND s.way <> 'Any'), 0
FROM item
WHERE id = (
    SELECT min((
        SELECT i.id FROM item i INDEXED BY item_queue
        WHERE i.destination = ?1 AND i.state = 'Pending' AND i.priority = p.column1
          AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
          AND (?2 IS NULL OR i.grp IS NULL OR i.grp NOT IN (SELECT value FROM json_each(?2)))
        ORDER BY i.id LIMIT 1))
    FROM (VALUES (0), (1), (2), (3)) p)
