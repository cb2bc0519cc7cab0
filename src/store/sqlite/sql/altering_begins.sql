INSERT INTO altering (destination, until) VALUES (?1, NULL) ON CONFLICT DO UPDATE SET until = NULL
WHERE until IS NOT NULL
