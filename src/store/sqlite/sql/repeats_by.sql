GROUP BY i.destination, i.instance
HAVING count(*) > 1
