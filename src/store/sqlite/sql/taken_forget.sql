DELETE FROM taken_study WHERE study = ?1 AND rule = ?2
