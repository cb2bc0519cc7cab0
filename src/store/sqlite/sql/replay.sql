UPDATE item
SET state = 'Pending', attempt_count = 0, completed = NULL, class = NULL, dimse_status = NULL,
    details = NULL, expires = ?2, hurried = 0
WHERE id = ?1 AND state IN ('Failure', 'Cancelled')
