SELECT id FROM sent_series WHERE series_uid = ?1 AND study_uid = ?2 AND sop_class = ?3 AND target = ?4
