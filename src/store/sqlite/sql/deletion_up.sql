  AND id > ?1
ORDER BY id LIMIT ?2
