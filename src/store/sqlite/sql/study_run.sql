SELECT id, destination, state, created, completed FROM item WHERE id BETWEEN ?1 AND ?2 ORDER BY id
