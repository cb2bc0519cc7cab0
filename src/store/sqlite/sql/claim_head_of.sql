-- Of one group: what goes first of its most urgent priority.
SELECT id, grp, priority, EXISTS (SELECT 1 FROM suspect s WHERE s.item = i.id AND s.way <> 'Any'), 0
FROM item i INDEXED BY item_pending_group
WHERE destination = ?1 AND state = 'Pending' AND grp = ?3 AND priority >= ?2
  AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
  AND priority = (
    SELECT m.priority FROM item m INDEXED BY item_pending_group
    WHERE m.destination = ?1 AND m.state = 'Pending' AND m.grp = ?3
      AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = m.id)
    ORDER BY m.priority DESC LIMIT 1)
ORDER BY place, id
LIMIT 1
