SELECT name FROM destination WHERE id = ?1
