UPDATE follow_up
SET claim = NULL, due = ?3, asked = asked + ?4, delivered = ?8, said = coalesce(?5, said), transaction_uid = ?6,
    begun = CASE WHEN ?6 IS NULL THEN NULL WHEN transaction_uid IS ?6 THEN begun ELSE ?7 END,
    begun_under = CASE WHEN ?6 IS NULL THEN NULL WHEN transaction_uid IS ?6 THEN begun_under ELSE ?2 END
WHERE item = ?1 AND claim = ?2
