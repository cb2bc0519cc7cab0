-- A quiet period begins, or begins anew.
INSERT INTO hold (destination, grp, due) VALUES (?1, ?2, ?3)
ON CONFLICT (destination, grp) DO UPDATE SET due = excluded.due
