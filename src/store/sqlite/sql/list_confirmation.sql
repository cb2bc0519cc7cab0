SELECT id FROM item INDEXED BY item_confirmation
WHERE confirmation = :part_confirmation AND destination = :part_destination
