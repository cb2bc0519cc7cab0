SELECT 1 FROM taken_study WHERE study = ?1 AND owed = 1
