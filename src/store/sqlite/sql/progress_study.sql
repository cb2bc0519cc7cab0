SELECT d.name, i.state, count(*), min(i.created), max(i.created), min(i.completed), max(i.completed)
FROM item i INDEXED BY item_study JOIN destination d ON d.id = i.destination
WHERE i.study = ?1 AND (?2 IS NULL OR i.destination = ?2)
GROUP BY i.destination, i.state
ORDER BY d.name
