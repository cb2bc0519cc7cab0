-- What was not in hand this time did not do it. What was set aside did not have its turn.
DELETE FROM suspect WHERE way <> 'Aside' AND item NOT IN (SELECT value FROM json_each(?1))
