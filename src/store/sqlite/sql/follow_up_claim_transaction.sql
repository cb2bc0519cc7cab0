UPDATE follow_up SET claim = ?1
WHERE item IN (
    SELECT item FROM follow_up INDEXED BY follow_up_transaction
    WHERE transaction_uid = ?3 AND destination = ?2 AND claim IS NULL)
