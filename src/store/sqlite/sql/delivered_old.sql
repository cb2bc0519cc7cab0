-- The newest line stays until there is another, so that its number is given to no other.
SELECT id, study FROM delivered INDEXED BY delivered_closed
WHERE instances IS NOT NULL AND last < ?1 AND id < (SELECT max(id) FROM delivered)
ORDER BY last
LIMIT ?2
