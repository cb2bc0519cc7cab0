UPDATE subject SET found = ?3 WHERE list = ?1 AND key = ?2
