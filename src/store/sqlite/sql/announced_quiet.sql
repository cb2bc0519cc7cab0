SELECT quiet FROM announced WHERE kind = ?1
