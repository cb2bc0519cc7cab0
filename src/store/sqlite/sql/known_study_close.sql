UPDATE known_study SET closed = 1 WHERE id = ?1
