UPDATE item
SET state = 'Pending', destination = ?3, attempt_count = 0, next_attempt = NULL, completed = NULL,
    class = NULL, dimse_status = NULL, details = NULL, expires = ?2, hurried = 0, confirmation = NULL,
    touched = CASE destination WHEN ?3 THEN touched ELSE 0 END,
    altered = CASE destination WHEN ?3 THEN altered ELSE 0 END
WHERE id = ?1 AND state IN ('Scheduled', 'Pending', 'Retry', 'Failure')
