UPDATE outbox SET data = ?2 WHERE id = ?1
