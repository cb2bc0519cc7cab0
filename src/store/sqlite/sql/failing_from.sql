FROM failure f
JOIN destination d ON d.id = f.destination
WHERE f.items > 0
ORDER BY d.name, f.class, f.dimse_status
