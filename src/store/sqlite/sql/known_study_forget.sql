DELETE FROM known_study
WHERE id = ?1 AND closed = 1 AND NOT EXISTS (SELECT 1 FROM delivered WHERE study = ?1)
