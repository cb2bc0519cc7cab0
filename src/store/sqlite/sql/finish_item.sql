-- complete, retry and fail of an item that finish_held.sql has found.
-- Measured (benches/store.rs, one core): 22 µs an item with its attempt and the commit, at a backlog
-- of 10,000 and of 1,000,000 alike.
UPDATE item
SET state = ?3, claim = NULL, attempt_count = attempt_count + ?4, next_attempt = ?5,
    completed = ?6, class = ?7, dimse_status = ?8, details = ?9, hurried = 0,
    altered = max(altered, ?11), confirmation = CASE ?3 WHEN 'Success' THEN ?10 ELSE confirmation END
WHERE id = ?1 AND claim = ?2
