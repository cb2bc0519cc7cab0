-- As delivered_figures.sql, with the first and the last delivery.
SELECT count(*), coalesce(sum(warned), 0), coalesce(sum(size_bytes), 0), min(first), max(last)
FROM (
    SELECT max(class = 'Warning') AS warned, max(size_bytes) AS size_bytes, min(completed) AS first,
        max(completed) AS last
    FROM delivery
    WHERE study = ?1 AND destination = ?2
    GROUP BY instance)
