SELECT id, time, kind, destination, user, count, redirected_to, seconds, details
FROM event INDEXED BY event_kind
WHERE kind = ?6 AND time >= ?2 AND time < ?3 AND id > ?1
  AND (?4 IS NULL OR destination IS NULL OR destination = ?4 OR redirected_to = ?4)
ORDER BY id
LIMIT ?5
