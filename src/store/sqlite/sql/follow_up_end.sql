DELETE FROM follow_up WHERE item = ?1 AND claim = ?2
