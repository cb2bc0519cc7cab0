ORDER BY id
LIMIT :limit
