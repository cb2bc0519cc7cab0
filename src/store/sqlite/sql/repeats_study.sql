-- Instances with several items at a destination: how many, and how many of these were delivered. The index has all that
-- tells which these are: no item but theirs is read.
SELECT (SELECT name FROM destination WHERE id = r.destination), r.items,
       (SELECT count(*) FROM item i INDEXED BY item_study
        WHERE i.study = ?1 AND i.instance = r.instance AND i.destination = r.destination AND i.state = 'Success')
FROM (SELECT destination, instance, count(*) AS items FROM item INDEXED BY item_study
      WHERE study = ?1 AND (?2 IS NULL OR destination = ?2)
      GROUP BY instance, destination
      HAVING count(*) > 1) r
