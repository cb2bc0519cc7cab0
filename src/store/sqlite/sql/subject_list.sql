SELECT id, key, found FROM subject
WHERE list = ?1 AND id > ?2
ORDER BY id
LIMIT ?3
