-- The hold goes with its last item (trigger item_left_hold).
UPDATE item SET state = 'Pending'
WHERE id IN (
    SELECT id FROM item INDEXED BY item_scheduled_group
    WHERE destination = ?1 AND grp = ?2 AND state = 'Scheduled'
    ORDER BY id
    LIMIT ?3)
