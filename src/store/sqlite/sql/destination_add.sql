INSERT INTO destination (name) VALUES (?1)
