SELECT due FROM hold
WHERE destination = (SELECT id FROM destination WHERE name = ?1) AND grp = ?2
