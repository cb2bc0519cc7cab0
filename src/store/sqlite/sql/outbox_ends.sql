-- The first that is kept, and the last that there ever was.
SELECT coalesce((SELECT min(id) FROM outbox), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)
