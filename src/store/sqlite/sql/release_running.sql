UPDATE item SET state = 'Pending', claim = NULL
WHERE id IN (
    SELECT id FROM item INDEXED BY item_queue
    WHERE destination IN (SELECT id FROM destination) AND state = 'Running'
      AND claim >> 40 IN (SELECT value FROM json_each(?1)))
