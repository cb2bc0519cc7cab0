SELECT count(*), coalesce(sum(warned), 0), coalesce(sum(size_bytes), 0), max(last)
FROM (
    SELECT max(class = 'Warning') AS warned, max(size_bytes) AS size_bytes, max(completed) AS last
    FROM delivery
    WHERE study = ?1 AND destination = ?2
    GROUP BY instance)
