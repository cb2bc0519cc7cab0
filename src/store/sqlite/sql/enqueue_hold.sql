-- A quiet period begins, or begins anew. However often it does, it is over when the first of its items says.
-- None begins where nothing waits for it: an item that was made may have gone on with a later one of the same intake.
-- A hold without an item would be due for ever.
INSERT INTO hold (destination, grp, due, latest)
SELECT ?1, ?2, min(?3, ?4), ?4
WHERE EXISTS (
    SELECT 1 FROM item INDEXED BY item_scheduled_group
    WHERE destination = ?1 AND grp = ?2 AND state = 'Scheduled' AND next_attempt IS NULL)
ON CONFLICT (destination, grp) DO UPDATE SET due = min(?3, ?4, latest), latest = min(?4, latest)
