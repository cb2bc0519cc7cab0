-- Measured (benches/store.rs, one core, batches of 100): 20 to 23 µs an item with the look for
-- duplicates, the triggers and the commit, at a backlog of 10,000 and of 1,000,000 alike.
INSERT INTO item (
    destination, state, priority, grp, created, next_attempt, expires, completed, class,
    dimse_status, details, size_bytes, instance, study, series, patient, sop_instance_uid,
    rule, remote_aet, file, digest, repeated, earlier, place, touched, altered)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        ?20, ?21, ?22, ?23, ?24, 0, 0)
