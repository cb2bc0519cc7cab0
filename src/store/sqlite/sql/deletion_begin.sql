INSERT INTO deletion (study, uid, accession, begun, instances, bytes, emergency, safe) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
