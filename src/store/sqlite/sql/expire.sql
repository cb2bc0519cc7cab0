UPDATE item
SET state = 'Failure', next_attempt = NULL, completed = ?1, class = 'Expired',
    dimse_status = NULL, details = ?3
WHERE id IN (
    SELECT id FROM item INDEXED BY item_expires
    WHERE expires <= ?1 AND state IN ('Scheduled', 'Pending', 'Retry')
    ORDER BY expires
    LIMIT ?2)
