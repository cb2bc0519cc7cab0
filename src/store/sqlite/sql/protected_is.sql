SELECT 1 FROM protected WHERE patient = ?1
