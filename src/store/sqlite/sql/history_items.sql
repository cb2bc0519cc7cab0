SELECT i.id, i.instance, i.destination, i.state, i.class, i.dimse_status, i.completed, i.confirmation, i.file, i.digest,
       i.sop_instance_uid, a.sent_as, i.size_bytes, 0, i.state = 'Success' OR i.touched, i.altered IS NOT 0
FROM item i INDEXED BY item_study
LEFT JOIN attempt a ON a.item = i.id AND a.number = (
    SELECT number FROM attempt b WHERE b.item = i.id AND b.destination = i.destination ORDER BY number DESC LIMIT 1)
WHERE i.study = ?1 AND i.instance BETWEEN ?2 AND ?3
