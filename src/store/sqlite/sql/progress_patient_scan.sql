-- Orthanc no longer knows the study: every item is looked at.
SELECT d.name, i.state, count(*), min(i.created), max(i.created), min(i.completed), max(i.completed)
FROM item i NOT INDEXED JOIN destination d ON d.id = i.destination
WHERE i.patient = ?1
GROUP BY i.destination, i.state
ORDER BY d.name
