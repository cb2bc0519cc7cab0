SELECT id, study FROM delivered INDEXED BY delivered_closed
WHERE instances IS NOT NULL AND last < ?1
ORDER BY last
LIMIT ?2
