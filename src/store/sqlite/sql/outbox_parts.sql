WHERE id > (SELECT seen FROM outbox_reader WHERE name = 'whole')
ORDER BY id
LIMIT ?1
