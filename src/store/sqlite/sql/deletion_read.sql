SELECT id, study, uid, accession, begun, ended, instances, bytes, gone, emergency, safe, kept FROM deletion
