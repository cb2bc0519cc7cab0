WHERE l.study IN (SELECT value FROM json_each(:studies)) AND l.id > :after
  AND l.instances IS NOT 0
  AND (:destination IS NULL OR l.destination = :destination)
  AND (:from IS NULL OR l.last >= :from - CASE WHEN l.instances IS NULL THEN 1000000 ELSE 0 END)
  AND (:until IS NULL OR l.first < :until)
ORDER BY l.id
LIMIT :limit
