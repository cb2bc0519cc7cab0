-- The first one counts.
INSERT INTO decision (recipe, study_uid, key, value, decided) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (study_uid, recipe, key) DO NOTHING
