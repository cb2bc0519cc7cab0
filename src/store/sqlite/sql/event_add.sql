-- Behind those of the same request; where a request named one item (no ?9), behind the last minute's of its kind.
UPDATE event SET count = count + ?8
WHERE id = (
    SELECT max(id) FROM event INDEXED BY event_kind
    WHERE kind = ?1 AND time > ?2 AND time <= ?3 AND destination IS ?4 AND user IS ?5 AND redirected_to IS ?6
      AND details IS ?7 AND count IS NOT NULL AND request IS ?9)
