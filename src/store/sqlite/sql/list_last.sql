SELECT max(id) FROM item
