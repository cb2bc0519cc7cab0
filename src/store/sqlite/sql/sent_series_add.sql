INSERT INTO sent_series (series_uid, study_uid, sop_class, target) VALUES (?1, ?2, ?3, ?4)
