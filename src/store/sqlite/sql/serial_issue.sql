-- The next one, if the study has none.
INSERT INTO serial (name, study_uid, number, given)
VALUES (?1, ?2, max(?3, coalesce((SELECT max(number) FROM serial WHERE name = ?1), 0) + 1), ?4)
ON CONFLICT (name, study_uid) DO NOTHING
