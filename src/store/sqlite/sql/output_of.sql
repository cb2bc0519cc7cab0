SELECT id FROM own_output WHERE sent_study = ?1 AND study = ?2
