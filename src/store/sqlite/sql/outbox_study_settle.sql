-- ?3: it was told.
UPDATE outbox_study SET due = NULL, revision = revision + ?3, untold = untold AND NOT ?3
WHERE study = ?1 AND destination = ?2
