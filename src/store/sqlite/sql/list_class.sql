SELECT id FROM item INDEXED BY item_class
WHERE class = :class AND class <> 'Success'
