INSERT INTO gap (seq, last, first_seen) VALUES (?1, ?2, ?3)
ON CONFLICT (seq) DO UPDATE SET last = excluded.last, first_seen = excluded.first_seen
