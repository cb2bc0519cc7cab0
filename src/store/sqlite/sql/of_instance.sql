FROM item i INDEXED BY item_study JOIN destination d ON d.id = i.destination
WHERE i.study = ?2 AND i.instance = ?1
