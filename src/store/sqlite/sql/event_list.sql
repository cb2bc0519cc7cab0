-- Identifiers do not grow with the time: what takes long is told at its end, with the time of its beginning.
SELECT id, time, kind, destination, user, count, redirected_to, seconds, details
FROM event
WHERE id > ?1
  AND id >= (SELECT min(id) FROM event INDEXED BY event_time WHERE time >= ?2)
  AND +time >= ?2 AND +time < ?3
  AND (?4 IS NULL OR destination IS NULL OR destination = ?4 OR redirected_to = ?4)
ORDER BY id
LIMIT ?5
