-- The most urgent, then oldest, item that is ready, at least this urgent, and of none of the groups in ?3 (NULL: of
-- any): the first entry of a range of the index, or the first behind those groups. The few that are held back are
-- passed over. Whether it goes alone, and whether a person wants it sent now, come last.
SELECT id, grp, priority, EXISTS (SELECT 1 FROM suspect s WHERE s.item = i.id AND s.way <> 'Any'), 0
FROM item i INDEXED BY item_queue
WHERE destination = ?1 AND state = 'Pending' AND priority >= ?2
  AND NOT EXISTS (SELECT 1 FROM held_back h WHERE h.item = i.id)
  AND (?3 IS NULL OR grp IS NULL OR grp NOT IN (SELECT value FROM json_each(?3)))
ORDER BY priority DESC, id
LIMIT 1
