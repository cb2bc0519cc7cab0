SELECT DISTINCT patient, study FROM unfinished WHERE id > ?1 AND id <= ?2
