SELECT id FROM item INDEXED BY item_outcome
WHERE class = :part_class AND class <> 'Success' AND dimse_status IS :part_status
  AND destination = :part_destination AND state = :part_state
