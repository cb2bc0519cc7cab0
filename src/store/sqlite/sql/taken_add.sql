-- What is known of a study stays: also that nothing is owed.
INSERT INTO taken_study (study, rule, since, owed) VALUES (?1, ?2, ?3, 1)
ON CONFLICT (study, rule) DO NOTHING
