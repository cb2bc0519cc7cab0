SELECT id FROM item INDEXED BY item_queue
WHERE destination = :destination AND state = :state AND priority = :priority
