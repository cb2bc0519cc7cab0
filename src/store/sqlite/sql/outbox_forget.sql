-- Of the oldest those before the first that is not old: no hole, whatever their times.
WITH oldest AS (
    SELECT id, time FROM outbox
    WHERE id <= (SELECT seen FROM outbox_reader WHERE name = 'whole')
    ORDER BY id
    LIMIT ?2)
DELETE FROM outbox
WHERE id IN (
    SELECT id FROM oldest
    WHERE id < coalesce((SELECT min(id) FROM oldest WHERE time >= ?1), 9223372036854775807))
