-- 2: one that waits for another suspect's result; 1: one that goes behind all others and alone.
SELECT max(CASE s.way WHEN 'Aside' THEN 1 ELSE 2 END)
FROM suspect s CROSS JOIN item i ON i.id = s.item
WHERE s.way <> 'Any' AND i.destination = ?1 AND i.state = 'Pending'
