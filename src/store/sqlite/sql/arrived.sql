SELECT max(created) FROM item INDEXED BY item_study
WHERE study = ?1 AND instance = ?2 AND rule IS NOT NULL AND earlier = 0
