UPDATE delivered SET instances = ?2, warnings = ?3, bytes = ?4, last = ?5 WHERE id = ?1
