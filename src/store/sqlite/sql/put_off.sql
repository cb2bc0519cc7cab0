UPDATE item
SET expires = ?3
WHERE id IN (
    SELECT id FROM item INDEXED BY item_expires
    WHERE expires <= ?2 AND state IN ('Scheduled', 'Pending', 'Retry') AND destination = ?1
    LIMIT ?4)
