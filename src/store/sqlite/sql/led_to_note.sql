INSERT OR REPLACE INTO led_to (destination, address, since)
SELECT ?1, ?2, CASE WHEN EXISTS (SELECT 1 FROM led_to WHERE destination = ?1)
    THEN coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'item'), 0) ELSE 0 END
WHERE ?2 IS NOT (
    SELECT address FROM led_to WHERE id = (SELECT max(id) FROM led_to WHERE destination = ?1))
