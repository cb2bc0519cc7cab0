-- What was being asked when its process ended is asked again. So is that whose report was awaited: it was for the
-- memory of that Orthanc.
UPDATE follow_up
SET claim = NULL, transaction_uid = NULL, begun = NULL, begun_under = NULL
WHERE item IN (
    SELECT item FROM follow_up INDEXED BY follow_up_claim
    WHERE claim IS NOT NULL AND claim >> 40 IN (SELECT value FROM json_each(?1))
    UNION ALL
    SELECT item FROM follow_up INDEXED BY follow_up_transaction
    WHERE transaction_uid IS NOT NULL AND begun_under >> 40 IN (SELECT value FROM json_each(?1)))
