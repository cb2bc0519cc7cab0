-- Orthanc no longer knows the study: every item is looked at.
FROM item i NOT INDEXED JOIN destination d ON d.id = i.destination
WHERE i.series = ?1
