-- One more time of an outage (?1, ?2: its kinds) that began after ?5 and was over after ?6, of those before ?4.
UPDATE event SET count = coalesce(count, 1) + 1
WHERE id = (
        SELECT max(id) FROM event INDEXED BY event_kind
        WHERE kind = ?1 AND time > ?5 AND time <= ?4 AND destination = ?3)
  AND EXISTS (
        SELECT 1 FROM event INDEXED BY event_kind
        WHERE kind = ?2 AND time > ?6 AND time <= ?4 AND destination = ?3)
