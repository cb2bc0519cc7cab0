-- In steps of the order in which it goes: what comes first may be claimed before the rest is ready. The hold goes
-- with its last item (trigger item_left_hold).
UPDATE item SET state = 'Pending'
WHERE id IN (
    SELECT id FROM item INDEXED BY item_scheduled_group
    WHERE destination = ?1 AND grp = ?2 AND state = 'Scheduled' AND next_attempt IS NULL
    ORDER BY place, id
    LIMIT ?3)
