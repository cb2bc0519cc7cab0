-- refused: the destination does not have it. It waits to be sent again, or for a person.
UPDATE item
SET state = ?2, completed = CASE ?2 WHEN 'Failure' THEN ?3 END, class = CASE ?2 WHEN 'Failure' THEN 'Rejected' END,
    dimse_status = CASE ?2 WHEN 'Failure' THEN ?4 END, details = ?5, confirmation = 'Refused', expires = ?6,
    attempt_count = 0
WHERE id = ?1 AND state = 'Success'
RETURNING destination,
    (SELECT sent_as FROM attempt a WHERE a.item = item.id AND a.destination = item.destination ORDER BY number DESC LIMIT 1)
