SELECT * FROM item_full WHERE id = ?1
