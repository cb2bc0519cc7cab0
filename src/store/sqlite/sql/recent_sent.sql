SELECT d.name, i.completed / 60000000, count(*), sum(i.size_bytes)
FROM item i INDEXED BY item_prunable
JOIN destination d ON d.id = i.destination
WHERE (i.confirmation IS 'Waiting') IN (0, 1) AND i.completed >= ?1 AND i.completed < ?2
  AND i.state IN ('Success', 'Cancelled') AND +i.state = 'Success'
GROUP BY 1, 2
