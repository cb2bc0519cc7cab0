-- The hold of a group goes with its last item (trigger item_left_hold).
UPDATE item SET state = 'Pending', next_attempt = NULL
WHERE id IN (
    SELECT id FROM item INDEXED BY item_queue
    WHERE destination = ?1 AND state = ?2
    LIMIT ?3)
