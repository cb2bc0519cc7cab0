-- From one cell to the next: what lies within a cell is not gone through, as it would be to compare both columns at
-- once.
WITH RECURSIVE cell (destination, state) AS (
    SELECT * FROM (
        SELECT destination, state FROM item INDEXED BY item_outcome
        WHERE class = ?1 AND class <> 'Success' AND dimse_status IS ?2
        ORDER BY destination, state LIMIT 1)
    UNION ALL
    SELECT i.destination, i.state FROM cell c CROSS JOIN item i ON i.id = coalesce(
        (SELECT id FROM item INDEXED BY item_outcome
         WHERE class = ?1 AND class <> 'Success' AND dimse_status IS ?2
           AND destination = c.destination AND state > c.state
         ORDER BY state LIMIT 1),
        (SELECT id FROM item INDEXED BY item_outcome
         WHERE class = ?1 AND class <> 'Success' AND dimse_status IS ?2
           AND destination > c.destination
         ORDER BY destination, state LIMIT 1)))
SELECT destination, state FROM cell
