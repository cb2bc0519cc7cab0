UPDATE item SET priority = ?2
WHERE id = ?1 AND state IN ('Scheduled', 'Pending', 'Retry')
