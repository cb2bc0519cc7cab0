DELETE FROM hour
WHERE (destination, hour) IN (
    SELECT h.destination, h.hour
    FROM destination d
    CROSS JOIN hour h
    WHERE h.destination = d.id AND h.hour < ?1
    LIMIT ?2)
