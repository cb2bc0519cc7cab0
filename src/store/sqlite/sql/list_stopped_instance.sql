SELECT id FROM item INDEXED BY item_stopped_instance
WHERE instance = :instance AND state IN ('Failure', 'Cancelled')
