SELECT id FROM item INDEXED BY item_queue
WHERE destination = :part_destination AND state = :part_state AND priority = :part_priority
