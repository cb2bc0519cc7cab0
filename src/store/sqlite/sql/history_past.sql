SELECT item, instance, destination, state, class, dimse_status, completed, confirmation, file, digest,
       sop_instance_uid, sent_as, size_bytes, 1, 1, altered
FROM past_item WHERE study = ?1 AND destination IN (SELECT id FROM destination) AND instance BETWEEN ?2 AND ?3
