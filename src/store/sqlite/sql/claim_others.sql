-- Whether anything is ready that is of none of the groups in ?2. Reads the index alone: asked before their items are
-- passed over one by one.
SELECT items > (
    SELECT count(*) FROM item INDEXED BY item_pending_group
    WHERE destination = ?1 AND state = 'Pending' AND grp IN (SELECT value FROM json_each(?2)))
FROM tally
WHERE destination = ?1 AND state = 'Pending'
