-- In the order of id, which is nearly that in which they were written. Measured: half of what it takes in the order of
-- the index, with 100,000 items.
FROM item i JOIN destination d ON d.id = i.destination
WHERE i.id IN (SELECT id FROM item INDEXED BY item_study
               WHERE study = ?1 AND (?2 IS NULL OR destination = ?2))
