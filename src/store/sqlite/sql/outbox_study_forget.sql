DELETE FROM outbox_study
WHERE (study, destination) IN (
    SELECT study, destination FROM outbox_study WHERE changed < ?1 AND due IS NULL ORDER BY changed LIMIT ?2)
