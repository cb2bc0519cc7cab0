-- The index has all of it: no item is read.
SELECT id FROM item INDEXED BY item_study
WHERE study = ?1 AND (?2 IS NULL OR destination = ?2)
