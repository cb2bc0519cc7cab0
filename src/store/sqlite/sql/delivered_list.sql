-- In the order of the first delivery: no sort, and a page goes on where the last one ended. The last delivery of an
-- open line is known to the second.
WHERE l.id > :after
  AND l.instances IS NOT 0
  AND (:destination IS NULL OR l.destination = :destination)
  AND (:from IS NULL OR l.last >= :from - CASE WHEN l.instances IS NULL THEN 1000000 ELSE 0 END)
  AND (:until IS NULL OR l.first < :until)
ORDER BY l.id
LIMIT :limit
