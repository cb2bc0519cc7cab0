SELECT study, rule FROM taken_study WHERE owed = 1 ORDER BY since, study LIMIT ?1
