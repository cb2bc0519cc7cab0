SELECT id FROM destination WHERE name = ?1
