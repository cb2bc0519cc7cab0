-- A hold goes with its last item (trigger item_left_hold).
UPDATE item SET state = 'Pending', next_attempt = NULL
WHERE id = ?1 AND state IN ('Scheduled', 'Retry')
