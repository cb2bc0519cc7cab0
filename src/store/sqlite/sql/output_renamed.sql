INSERT INTO own_sent (output, uid)
SELECT id, substr(?3, -24) FROM own_output WHERE sent_study = ?1 AND study = ?2
ON CONFLICT (output, uid) DO NOTHING
