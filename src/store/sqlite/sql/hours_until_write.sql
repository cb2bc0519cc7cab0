INSERT INTO meta (key, value) VALUES ('hours_until', ?1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
