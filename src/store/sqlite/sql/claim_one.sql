-- An item without a group is sent alone.
UPDATE item SET state = 'Running', claim = :token, touched = 1, altered = max(altered, :alters)
WHERE id = :id AND state = 'Pending'
RETURNING id, instance, sop_instance_uid, series, study, patient, :name, rule, remote_aet,
    state, priority, attempt_count, created, next_attempt, completed, class, dimse_status,
    details, size_bytes, confirmation, place
