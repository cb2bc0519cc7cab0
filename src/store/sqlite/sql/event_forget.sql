DELETE FROM event
WHERE id IN (SELECT id FROM event INDEXED BY event_time WHERE time < ?1 ORDER BY time LIMIT ?2)
