INSERT INTO hand (claim, first_item, last_item, job) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (claim) DO UPDATE SET first_item = ?2, last_item = ?3, job = ?4
