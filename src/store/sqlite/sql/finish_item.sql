-- complete, retry and fail of an item that finish_held.sql has found.
UPDATE item
SET state = ?3, claim = NULL, attempt_count = attempt_count + ?4, next_attempt = ?5,
    completed = ?6, class = ?7, dimse_status = ?8, details = ?9
WHERE id = ?1 AND claim = ?2
