GROUP BY i.destination, i.instance, i.state
ORDER BY i.destination, i.instance, i.state
