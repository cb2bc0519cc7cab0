UPDATE destination
SET last_error = ?2, last_error_class = ?3, last_error_status = ?4, last_error_details = ?5
WHERE id = ?1
