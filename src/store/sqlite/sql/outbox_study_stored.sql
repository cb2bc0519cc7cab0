-- Of no destination: something of it was stored.
INSERT INTO outbox_study (study, destination, due, changed) VALUES (?1, 0, ?2 + ?3, ?2)
ON CONFLICT (study, destination) DO UPDATE SET due = excluded.due, changed = excluded.changed, untold = 1
WHERE due IS NULL OR due <= excluded.due - 1000000
