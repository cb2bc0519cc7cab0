GROUP BY i.destination, i.state
ORDER BY d.name
