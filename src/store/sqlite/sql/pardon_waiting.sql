-- Two parts, so that each goes by its index; what runs waits again if it fails.
UPDATE item
SET expires = expires + ?2
WHERE id IN (
    SELECT id FROM item INDEXED BY item_expires
    WHERE expires IS NOT NULL AND state IN ('Scheduled', 'Pending', 'Retry') AND created < ?1
    UNION ALL
    SELECT i.id FROM destination d CROSS JOIN item i INDEXED BY item_queue
    WHERE i.destination = d.id AND i.state = 'Running' AND i.expires IS NOT NULL AND i.created < ?1)
