UPDATE item SET state = 'Pending', next_attempt = NULL, hurried = 1
WHERE id = ?1 AND state IN ('Scheduled', 'Retry', 'Pending')
