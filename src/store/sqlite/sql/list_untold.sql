SELECT id FROM item INDEXED BY item_success_untold
WHERE class = 'Success' AND dimse_status IS NULL AND destination = :part_destination
