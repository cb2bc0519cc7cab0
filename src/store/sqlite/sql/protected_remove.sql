DELETE FROM protected WHERE patient = ?1
