SELECT id FROM item WHERE id IN (SELECT value FROM json_each(?2)) AND claim = ?1 ORDER BY id
