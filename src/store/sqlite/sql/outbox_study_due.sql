SELECT s.study, s.destination, s.revision, d.name, s.due
FROM outbox_study s LEFT JOIN destination d ON d.id = s.destination
WHERE s.due <= ?1
ORDER BY s.due
LIMIT ?2
