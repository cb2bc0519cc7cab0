-- If nothing has happened to it since it was due at ?4. ?3: it is told.
UPDATE outbox_study SET due = NULL, revision = revision + ?3, untold = untold AND NOT ?3
WHERE study = ?1 AND destination = ?2 AND due = ?4
