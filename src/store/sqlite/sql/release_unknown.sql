-- Nobody knows what was sent of them.
UPDATE item SET altered = NULL WHERE id IN (SELECT value FROM json_each(?1))
