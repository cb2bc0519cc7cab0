-- After a clean stop.
DELETE FROM suspect
