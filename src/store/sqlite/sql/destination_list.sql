-- The oldest is the lowest id: one probe of the queue's index for each open state that has items and
-- each priority, at most 16, and one of the items. Measured: 0.02 ms for four destinations at a backlog of 1,000,000.
SELECT d.id, d.name, d.paused_since, d.last_success,
       d.last_error, d.last_error_class, d.last_error_status, d.last_error_details,
       (SELECT created FROM item WHERE id = (
            SELECT min((
                SELECT i.id FROM item i INDEXED BY item_queue
                WHERE i.destination = t.destination AND i.state = t.state AND i.priority = p.column1
                ORDER BY i.id LIMIT 1))
            FROM tally t, (VALUES (0), (1), (2), (3)) p
            WHERE t.destination = d.id AND t.items > 0
              AND t.state IN ('Scheduled', 'Pending', 'Running', 'Retry'))),
       d.outage_since, d.outage_failures, d.outages
FROM destination d
WHERE ?1 IS NULL OR d.name = ?1
ORDER BY d.name
