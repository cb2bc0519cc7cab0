SELECT study FROM item WHERE id = ?1
