-- It waits by itself: what its group waits for (hold) is another matter. The class tells it from what waits for a quiet
-- period.
UPDATE item
SET state = 'Scheduled', claim = NULL, next_attempt = ?3, class = ?4, dimse_status = NULL, details = ?5, hurried = 0
WHERE id = ?1 AND claim = ?2
