SELECT DISTINCT patient, study FROM item
WHERE id > ?1 AND id <= ?2
  AND (state NOT IN ('Success', 'Cancelled') OR (state = 'Success' AND confirmation IN ('Waiting', 'Refused', 'TimedOut')))
