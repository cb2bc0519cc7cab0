-- Its end, which was none.
DELETE FROM event
WHERE id = (
    SELECT max(id) FROM event INDEXED BY event_kind
    WHERE kind = ?1 AND time > ?4 AND time <= ?3 AND destination = ?2)
