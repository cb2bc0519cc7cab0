-- ?1 AET.
UPDATE source SET watched = NULL WHERE aet = ?1 AND last IS NOT NULL
