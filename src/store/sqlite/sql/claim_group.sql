-- Measured (benches/store.rs, one core): 14 µs an item with the head and the commit, at a backlog of
-- 10,000 and of 1,000,000 alike.
UPDATE item SET state = 'Running', claim = :token, touched = 1, altered = max(altered, :alters)
WHERE id IN (
    SELECT id FROM item INDEXED BY item_pending_group
    WHERE destination = :destination AND grp = :grp AND priority = :priority
      AND state = 'Pending'
      AND NOT EXISTS (SELECT 1 FROM suspect s WHERE s.item = item.id AND s.way <> 'Any')
    ORDER BY place, id
    LIMIT :limit)
RETURNING id, instance, sop_instance_uid, series, study, patient, :name, rule, remote_aet,
    state, priority, attempt_count, created, next_attempt, completed, class, dimse_status,
    details, size_bytes, confirmation, place
