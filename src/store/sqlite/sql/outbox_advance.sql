UPDATE outbox_reader SET seen = ?3 WHERE name = ?1 AND seen = ?2
