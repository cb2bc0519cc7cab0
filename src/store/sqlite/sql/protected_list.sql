SELECT patient, max(EXISTS (
    SELECT 1 FROM item i INDEXED BY item_study
    WHERE i.study = p.study
      AND (i.state NOT IN ('Success', 'Cancelled') OR (i.state = 'Success' AND i.confirmation IN ('Waiting', 'Refused', 'TimedOut')))))
FROM protected p
WHERE patient > ?1
GROUP BY patient
ORDER BY patient
LIMIT ?2
