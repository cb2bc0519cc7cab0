-- Items of an (instance, destination) pair, oldest first. All index entries of a study are neighbours; a pair that
-- arrives for the first time has none.
SELECT id, state, grp IS NULL, rule IS NOT NULL, file, digest, repeated, completed, priority
FROM item INDEXED BY item_study
WHERE study = ?1 AND instance = ?2 AND destination = ?3
ORDER BY id
