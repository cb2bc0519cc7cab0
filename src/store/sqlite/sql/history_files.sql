SELECT item, instance, destination, file, digest, sop_instance_uid, sent_as
FROM past_file WHERE study = ?1 AND instance BETWEEN ?2 AND ?3
