-- What is due first at the destination.
SELECT study, transaction_uid, due FROM follow_up INDEXED BY follow_up_due
WHERE destination = ?1 AND claim IS NULL
ORDER BY due
LIMIT 1
