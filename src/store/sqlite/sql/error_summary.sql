-- The counting reads the index only; the example is one row for each kind.
SELECT d.name, g.class, g.dimse_status, g.count, g.oldest, g.newest, coalesce((
           SELECT details FROM item INDEXED BY item_failure
           WHERE state = 'Failure' AND destination = g.destination AND class = g.class
             AND dimse_status IS g.dimse_status AND completed = g.newest
           ORDER BY id DESC LIMIT 1), '')
FROM (
    SELECT destination, class, dimse_status, count(*) AS count,
           min(completed) AS oldest, max(completed) AS newest
    FROM item INDEXED BY item_failure
    WHERE state = 'Failure'
    GROUP BY destination, class, dimse_status) g
JOIN destination d ON d.id = g.destination
ORDER BY d.name, g.class, g.dimse_status
