-- Open items of an (instance, destination) pair. All index entries of a study are neighbours.
SELECT id, state, grp IS NULL
FROM item INDEXED BY item_study
WHERE study = ?1 AND instance = ?2 AND destination = ?3
  AND state IN ('Scheduled', 'Pending', 'Running', 'Retry')
