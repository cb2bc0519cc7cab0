-- The index has all of it, in this order: no item is read.
SELECT id, destination, instance FROM item INDEXED BY item_study
WHERE study = ?1 AND (?2 IS NULL OR destination = ?2)
ORDER BY instance, destination
