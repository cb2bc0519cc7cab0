-- What waits by itself (finish_hold.sql), by destination.
SELECT d.name, count(*), min(i.created), min(i.details)
FROM destination d CROSS JOIN item i INDEXED BY item_class
WHERE i.class = 'Coercion' AND i.class <> 'Success' AND i.destination = d.id AND i.state = 'Scheduled'
GROUP BY d.id
ORDER BY d.id
