-- Of these owners.
SELECT i.id, i.claim, h.first_item, h.last_item
FROM item i INDEXED BY item_queue
LEFT JOIN hand h ON h.claim = i.claim
WHERE i.destination IN (SELECT id FROM destination) AND i.state = 'Running'
  AND i.claim >> 40 IN (SELECT value FROM json_each(?1))
