-- A step of the search for the first item that was made at a time: the item at or behind an id.
SELECT id, created FROM item WHERE id >= ?1 ORDER BY id LIMIT 1
