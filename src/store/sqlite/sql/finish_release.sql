UPDATE item SET state = 'Pending', claim = NULL WHERE id = ?1 AND claim = ?2
