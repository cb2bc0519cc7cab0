UPDATE item SET state = 'Pending', claim = NULL, altered = max(altered, ?3) WHERE id = ?1 AND claim = ?2
