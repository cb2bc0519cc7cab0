-- Identifiers grow with the time, but for a minute of it that a crash may cost (?4).
SELECT id, time, kind, destination, user, count, redirected_to, seconds, details
FROM event
WHERE id > ?1
  AND id >= coalesce((SELECT id FROM event INDEXED BY event_time WHERE time >= ?4 ORDER BY time LIMIT 1), 1)
  AND +time >= ?2 AND +time < ?3
  AND (?5 IS NULL OR destination IS NULL OR destination = ?5 OR redirected_to = ?5)
ORDER BY id
LIMIT ?6
