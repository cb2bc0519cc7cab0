UPDATE deletion SET gone = ?2 WHERE id = ?1 AND ended IS NULL
