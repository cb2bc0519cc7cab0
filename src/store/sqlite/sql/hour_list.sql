SELECT d.name, h.hour, h.sent, h.bytes, h.failed
FROM destination d
CROSS JOIN hour h
WHERE h.destination = d.id AND h.hour >= ?1 AND h.hour < ?2
ORDER BY d.name, h.hour
