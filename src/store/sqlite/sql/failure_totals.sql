SELECT d.name, f.class, nullif(f.dimse_status, -1), f.total
FROM failure f
JOIN destination d ON d.id = f.destination
WHERE f.total > 0
ORDER BY d.name, f.class, f.dimse_status
