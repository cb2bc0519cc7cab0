INSERT INTO outbox (kind, time, name, study, instance, destination, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
