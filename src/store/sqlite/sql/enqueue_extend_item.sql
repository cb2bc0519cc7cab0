-- It waits for at most ?3 since it was made (NULL: for ever).
UPDATE item SET next_attempt = min(?2, coalesce(created + ?3, ?2))
WHERE id = ?1 AND state = 'Scheduled' AND grp IS NULL
