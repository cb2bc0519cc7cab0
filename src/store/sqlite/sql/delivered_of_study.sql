WHERE l.study = :study AND l.id > :after
  AND (:destination IS NULL OR l.destination = :destination)
  AND (:from IS NULL OR l.last >= :from - 1000000)
  AND (:until IS NULL OR l.first < :until)
ORDER BY l.id
LIMIT :limit
