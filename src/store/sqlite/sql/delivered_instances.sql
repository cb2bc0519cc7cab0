SELECT item, instance, sop_instance_uid, sent_as, completed, class, dimse_status, size_bytes
FROM delivery
WHERE study = ?1 AND destination = ?2
ORDER BY instance, completed, item
