SELECT i.id, i.instance, i.destination, i.state, i.class, i.dimse_status, i.completed, i.confirmation, i.file, i.digest,
       i.sop_instance_uid,
       (SELECT sent_as FROM attempt a WHERE a.item = i.id AND a.destination = i.destination ORDER BY number DESC LIMIT 1),
       i.size_bytes, 0, i.state = 'Success' OR i.touched, i.altered
FROM item i INDEXED BY item_study
WHERE i.study = ?1 AND i.instance BETWEEN ?2 AND ?3
