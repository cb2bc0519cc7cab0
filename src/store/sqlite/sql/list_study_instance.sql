SELECT id FROM item INDEXED BY item_study
WHERE study = :study AND instance = :instance
