-- A quiet period begins, or begins anew. However often it does, it is over when the first of its items says.
INSERT INTO hold (destination, grp, due, latest) VALUES (?1, ?2, min(?3, ?4), ?4)
ON CONFLICT (destination, grp) DO UPDATE SET due = min(?3, ?4, latest), latest = min(?4, latest)
