-- All that was expired since the start and would not have been by now.
UPDATE item INDEXED BY item_class
SET state = 'Pending', completed = NULL, class = NULL, dimse_status = NULL, details = NULL,
    expires = expires + ?2
WHERE class = 'Expired' AND class <> 'Success' AND state = 'Failure' AND completed >= ?1 AND created < ?1
  AND expires + ?2 > ?3
