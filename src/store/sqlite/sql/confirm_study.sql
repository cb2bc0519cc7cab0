-- Deliveries of a study at a destination, from there on, that are not being confirmed.
SELECT i.id FROM item i INDEXED BY item_study
WHERE i.study = ?1 AND i.destination = ?2 AND i.state = 'Success' AND i.id > ?3 AND i.confirmation IS NOT 'Waiting'
ORDER BY i.id
LIMIT ?4
