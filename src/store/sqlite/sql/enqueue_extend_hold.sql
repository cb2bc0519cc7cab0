-- An arrival that made no item lengthens a quiet period that there is, and begins none.
UPDATE hold SET due = ?3 WHERE destination = ?1 AND grp = ?2
