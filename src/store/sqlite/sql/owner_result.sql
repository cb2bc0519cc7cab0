UPDATE owner SET any_result = 1 WHERE id = ?1
