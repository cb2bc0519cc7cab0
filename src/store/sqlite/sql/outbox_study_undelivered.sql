-- Whether there is an instance whose newest item there was not delivered, or that the destination does not answer for.
-- ?3: the study's number; NULL: it is not known.
SELECT 1
FROM item i INDEXED BY item_study
WHERE i.study = ?1 AND i.destination = ?2
    AND (i.state <> 'Success' OR i.confirmation IN ('Refused', 'TimedOut'))
    AND NOT EXISTS (
        SELECT 1 FROM item n INDEXED BY item_study
        WHERE n.study = ?1 AND n.instance = i.instance AND n.destination = ?2 AND n.id > i.id AND n.state = 'Success'
            AND n.confirmation IS NOT 'Refused' AND n.confirmation IS NOT 'TimedOut')
UNION ALL
SELECT 1
FROM past_item p
WHERE p.study = ?3 AND p.destination = ?2 AND p.confirmation IN ('Refused', 'TimedOut')
    AND NOT EXISTS (
        SELECT 1 FROM item n INDEXED BY item_study
        WHERE n.study = ?1 AND n.instance = p.instance AND n.destination = ?2 AND n.id > p.item AND n.state = 'Success')
    AND NOT EXISTS (
        SELECT 1 FROM past_item n
        WHERE n.study = ?3 AND n.destination = ?2 AND n.instance = p.instance AND n.item > p.item
            AND n.state = 'Success')
LIMIT 1
