INSERT INTO suspect (item, seen, blamed, way)
SELECT value, 1, ?2, 'Any' FROM json_each(?1) WHERE true
ON CONFLICT (item) DO UPDATE
SET seen = seen + 1, blamed = CASE WHEN way = 'Aside' THEN blamed + 1 WHEN ?2 THEN blamed + 1 ELSE 0 END
