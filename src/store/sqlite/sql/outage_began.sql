-- When, and how many times, of an outage that lasts since ?3, and is one with others since ?4 at most.
SELECT time, count FROM event INDEXED BY event_kind
WHERE kind = ?1 AND time > ?4 AND time <= ?3 AND destination = ?2
ORDER BY time DESC LIMIT 1
