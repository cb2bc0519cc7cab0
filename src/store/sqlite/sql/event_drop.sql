-- The oldest of too many, of these kinds, at most ?2. They are counted only where there may be too many: some between
-- may be gone.
DELETE FROM event
WHERE id IN (
    SELECT id FROM event NOT INDEXED
    WHERE kind IN (SELECT value FROM json_each(?3))
    ORDER BY id
    LIMIT CASE
        WHEN (SELECT max(id) FROM event) - (SELECT min(id) FROM event) < ?1 THEN 0
        ELSE min(?2, max(0, (SELECT count(*) FROM event) - ?1))
    END)
