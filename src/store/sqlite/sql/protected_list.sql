SELECT patient, max(EXISTS (SELECT 1 FROM unfinished u WHERE u.study = p.study))
FROM protected p
WHERE patient > ?1
GROUP BY patient
ORDER BY patient
LIMIT ?2
