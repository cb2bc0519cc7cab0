SELECT found FROM subject WHERE list = ?1 AND key = ?2
