SELECT study, rule FROM taken_study WHERE study = ?1 ORDER BY rule
