UPDATE follow_up SET claim = ?1
WHERE item IN (
    SELECT item FROM follow_up INDEXED BY follow_up_study
    WHERE destination = ?2 AND study = ?3 AND due <= ?4 AND claim IS NULL AND transaction_uid IS NULL
    ORDER BY due
    LIMIT ?5)
