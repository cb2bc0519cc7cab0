-- What is Stat waits for no quiet period; one that waits by itself (finish_hold.sql) has a class.
UPDATE item SET state = 'Pending', next_attempt = NULL
WHERE id = ?1 AND state = 'Scheduled' AND class IS NULL
