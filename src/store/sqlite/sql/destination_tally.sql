SELECT state, items, bytes FROM tally WHERE destination = ?1
