-- The newest delivery of a study there.
SELECT v.instance, (SELECT remote_aet FROM item i WHERE i.id = v.item)
FROM delivery v
WHERE v.study = ?1 AND v.destination = ?2
ORDER BY v.item DESC
LIMIT 1
