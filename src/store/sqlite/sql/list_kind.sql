SELECT id FROM item INDEXED BY item_failure_kind
WHERE state = 'Failure' AND destination = :part_destination AND class = :part_class
  AND dimse_status IS :part_status
