-- In the order of the first delivery: no sort, and a page goes on where the last one ended.
WHERE l.id > :after
  AND (:destination IS NULL OR l.destination = :destination)
  AND (:from IS NULL OR l.last >= :from - 1000000)
  AND (:until IS NULL OR l.first < :until)
ORDER BY l.id
LIMIT :limit
