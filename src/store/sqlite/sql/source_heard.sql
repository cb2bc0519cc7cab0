-- ?1 AET, ?2 when something came from it.
INSERT INTO source (aet, last) VALUES (?1, ?2)
ON CONFLICT (aet) DO UPDATE SET last = max(coalesce(last, excluded.last), excluded.last)
