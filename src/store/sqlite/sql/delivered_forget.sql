DELETE FROM delivered WHERE id = ?1 AND instances IS NOT NULL
