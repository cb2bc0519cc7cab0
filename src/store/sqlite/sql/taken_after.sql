SELECT study, rule, since FROM taken_study
WHERE (study, rule) > (?1, ?2)
ORDER BY study, rule
LIMIT ?3
