-- Taking the claim away makes the worker's later word for this item void.
UPDATE item SET state = 'Cancelled', claim = NULL, next_attempt = NULL, completed = ?2
WHERE id = ?1 AND state IN ('Scheduled', 'Pending', 'Running', 'Retry')
