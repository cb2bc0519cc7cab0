UPDATE item SET state = 'Pending', next_attempt = NULL
WHERE id = ?1 AND state IN ('Scheduled', 'Retry')
