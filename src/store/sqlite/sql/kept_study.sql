SELECT id, study, uid, accession FROM known_study WHERE study = ?1 AND closed = 0
