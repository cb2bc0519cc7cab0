-- What goes behind all others and alone.
SELECT i.id, NULL, i.priority, 1, 0
FROM suspect s CROSS JOIN item i ON i.id = s.item
WHERE s.way = 'Aside' AND i.destination = ?1 AND i.state = 'Pending'
ORDER BY s.item
LIMIT 1
