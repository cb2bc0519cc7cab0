INSERT INTO cursor (only, seq, date) VALUES (1, ?1, ?2)
ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, date = excluded.date
