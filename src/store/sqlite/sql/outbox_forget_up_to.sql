DELETE FROM outbox
WHERE id IN (
    SELECT id FROM outbox
    WHERE id <= min(?1, (SELECT seen FROM outbox_reader WHERE name = 'whole'))
    ORDER BY id
    LIMIT ?2)
