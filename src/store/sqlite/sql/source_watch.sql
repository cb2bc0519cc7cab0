-- ?1 AET, ?2 now.
INSERT INTO source (aet, watched) VALUES (?1, ?2)
ON CONFLICT (aet) DO UPDATE SET watched = coalesce(watched, excluded.watched)
