SELECT id FROM known_study WHERE study = ?1 AND closed = 0
