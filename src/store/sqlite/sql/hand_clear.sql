-- Something of what is in hand has its result. What Orthanc never told of stays in hand, for the next start.
DELETE FROM hand
WHERE claim = ?1 AND EXISTS (
    SELECT 1 FROM item i
    WHERE i.id = ?2 AND (i.place, i.id) >= (first_place, first_item) AND (i.place, i.id) <= (last_place, last_item))
