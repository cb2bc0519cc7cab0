UPDATE item SET next_attempt = ?2 WHERE id = ?1 AND state = 'Scheduled' AND grp IS NULL
