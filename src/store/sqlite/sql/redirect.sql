UPDATE item
SET state = 'Pending', destination = ?3, attempt_count = 0, next_attempt = NULL, completed = NULL,
    class = NULL, dimse_status = NULL, details = NULL, expires = ?2, hurried = 0, confirmation = NULL
WHERE id = ?1 AND state IN ('Scheduled', 'Pending', 'Retry', 'Failure')
