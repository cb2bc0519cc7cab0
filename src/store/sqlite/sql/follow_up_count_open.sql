-- How many transactions are open at the destination, counted up to some. From one to the next: each is of up to a
-- hundred deliveries.
WITH RECURSIVE open (uid) AS (
    SELECT min(transaction_uid) FROM follow_up INDEXED BY follow_up_transaction
    WHERE destination = ?1 AND transaction_uid IS NOT NULL
    UNION ALL
    SELECT (
        SELECT min(transaction_uid) FROM follow_up INDEXED BY follow_up_transaction
        WHERE destination = ?1 AND transaction_uid > uid)
    FROM open WHERE uid IS NOT NULL
    LIMIT ?2)
SELECT count(uid) FROM open
