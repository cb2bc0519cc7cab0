UPDATE taken_study SET owed = 0 WHERE study = ?1 AND rule = ?2
