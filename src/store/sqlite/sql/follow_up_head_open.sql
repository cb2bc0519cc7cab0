-- Of those whose report is awaited, what is due first at the destination.
SELECT study, transaction_uid, due FROM follow_up INDEXED BY follow_up_open
WHERE destination = ?1 AND claim IS NULL AND transaction_uid IS NOT NULL
ORDER BY due
LIMIT 1
