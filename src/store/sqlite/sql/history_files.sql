SELECT item, instance, destination, file, digest, sent_as, altered
FROM past_file WHERE study = ?1 AND destination IN (SELECT id FROM destination) AND instance BETWEEN ?2 AND ?3
