-- The next one there is.
SELECT id, time FROM outbox WHERE id >= ?1 ORDER BY id LIMIT 1
