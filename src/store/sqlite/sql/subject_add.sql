INSERT INTO subject (list, key, found) VALUES (?1, ?2, ?3)
