-- ?1 keys of rules, as JSON.
SELECT study, rule FROM taken_study
WHERE owed = 1 AND rule IN (SELECT value FROM json_each(?1))
ORDER BY since, study LIMIT ?2
