SELECT d.name, f.class, sum(f.total)
FROM failure f
JOIN destination d ON d.id = f.destination
GROUP BY d.name, f.class
ORDER BY d.name, f.class
