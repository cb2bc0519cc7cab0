SELECT id FROM item INDEXED BY item_failure_kind
WHERE state = 'Failure' AND destination = :kind_destination AND class = :kind_class
  AND dimse_status IS :kind_status
