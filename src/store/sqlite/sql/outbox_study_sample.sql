-- The smallest instance of a study that was delivered there, the newest of several.
SELECT v.instance, (SELECT remote_aet FROM item i WHERE i.id = v.item), v.size_bytes
FROM delivery v
WHERE v.study = ?1 AND v.destination = ?2
ORDER BY v.size_bytes, v.item DESC
LIMIT 1
