-- The oldest of too many, at most ?2. Without a hole, so that no more than these are looked at.
DELETE FROM event
WHERE id <= min((SELECT max(id) FROM event) - ?1, (SELECT min(id) FROM event) + ?2 - 1)
