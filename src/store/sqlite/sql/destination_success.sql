UPDATE destination SET last_success = ?2 WHERE id = ?1
