-- CROSS: the kinds first, of each of which the index has the times in order.
SELECT d.name, i.completed / 60000000, count(*)
FROM failure f
JOIN destination d ON d.id = f.destination
CROSS JOIN item i INDEXED BY item_failure
WHERE f.items > 0 AND f.class <> 'Expired' AND i.state = 'Failure' AND i.destination = f.destination
  AND i.class = f.class AND i.dimse_status IS nullif(f.dimse_status, -1)
  AND i.completed >= ?1 AND i.completed < ?2
GROUP BY 1, 2
