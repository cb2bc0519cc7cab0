INSERT INTO announced (kind, quiet) VALUES (?1, ?2)
