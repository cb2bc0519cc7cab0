SELECT blamed, way = 'Aside' FROM suspect WHERE item = ?1
