UPDATE item SET state = 'Pending', next_attempt = NULL
WHERE id IN (
    SELECT id FROM item INDEXED BY item_due
    WHERE next_attempt <= ?1 ORDER BY next_attempt LIMIT ?2)
RETURNING destination
