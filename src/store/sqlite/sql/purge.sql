DELETE FROM item WHERE id = ?1 AND state = 'Failure'
