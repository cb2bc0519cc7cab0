SELECT id FROM item INDEXED BY item_class
WHERE class = :part_class AND class <> 'Success'
  AND destination = :part_destination AND state = :part_state
