SELECT item FROM follow_up INDEXED BY follow_up_due
WHERE destination = ?1 AND claim IS NULL AND (?2 IS NULL OR delivered < ?2)
ORDER BY due
LIMIT ?3
