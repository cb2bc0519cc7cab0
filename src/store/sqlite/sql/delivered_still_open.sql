SELECT id, destination, last FROM delivered WHERE study = ?1 AND instances IS NULL
