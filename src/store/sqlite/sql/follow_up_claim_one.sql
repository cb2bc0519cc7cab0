UPDATE follow_up SET claim = ?2 WHERE item = ?1 AND claim IS NULL
