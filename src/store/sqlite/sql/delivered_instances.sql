SELECT item, instance, sop_instance_uid,
       coalesce((SELECT sent_as FROM past_item p
                 WHERE p.study = y.study AND p.destination = y.destination AND p.instance = y.instance AND p.item = y.item),
                (SELECT sent_as FROM attempt WHERE item = y.item ORDER BY number DESC LIMIT 1)),
       completed, class, dimse_status, size_bytes, confirmation
FROM delivery y
WHERE study = ?1 AND destination = ?2
ORDER BY instance, completed, item
