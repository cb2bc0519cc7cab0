-- Of these owners; whether it is in hand, where that was said of its claim.
SELECT i.id, i.claim, i.place,
    (i.place, i.id) >= (h.first_place, h.first_item) AND (i.place, i.id) <= (h.last_place, h.last_item)
FROM item i INDEXED BY item_queue
LEFT JOIN hand h ON h.claim = i.claim
WHERE i.destination IN (SELECT id FROM destination) AND i.state = 'Running'
  AND i.claim >> 40 IN (SELECT value FROM json_each(?1))
