UPDATE altering SET until = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'item'), 0)
WHERE until IS NULL AND destination NOT IN (SELECT value FROM json_each(?1))
