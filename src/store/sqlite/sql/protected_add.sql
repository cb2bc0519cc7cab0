INSERT OR IGNORE INTO protected (patient, study) VALUES (?1, ?2)
