-- An arrival that made no item lengthens a quiet period that there is, and begins none.
UPDATE hold SET due = min(?3, latest) WHERE destination = ?1 AND grp = ?2
