SELECT id FROM known_study WHERE accession = ?1 AND accession <> ''
