-- One that waits by itself (finish_hold.sql) is due.
UPDATE item SET next_attempt = ?2
WHERE id = ?1 AND state = 'Scheduled' AND class = 'Coercion' AND next_attempt > ?2
