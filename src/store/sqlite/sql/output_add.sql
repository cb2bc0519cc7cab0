INSERT INTO own_output (sent_study, study, since) VALUES (?1, ?2, ?3)
