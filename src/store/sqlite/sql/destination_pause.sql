-- A pause that goes on keeps its beginning.
UPDATE destination SET paused_since = CASE WHEN ?2 THEN coalesce(paused_since, ?3) END WHERE id = ?1
