SELECT seen FROM outbox_reader WHERE name = ?1
