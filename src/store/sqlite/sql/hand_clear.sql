-- Something of what is in hand has its result. What Orthanc never told of stays in hand, for the next start.
DELETE FROM hand WHERE claim = ?1 AND ?2 BETWEEN first_item AND last_item
