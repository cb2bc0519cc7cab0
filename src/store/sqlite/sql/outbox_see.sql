INSERT INTO outbox_reader (name, seen) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET seen = excluded.seen
