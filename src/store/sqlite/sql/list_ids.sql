SELECT id FROM item
WHERE id IN (SELECT value FROM json_each(:ids))
