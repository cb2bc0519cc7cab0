UPDATE deletion SET ended = ?2, gone = ?3, kept = ?4 WHERE id = ?1 AND ended IS NULL
