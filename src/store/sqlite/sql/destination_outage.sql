-- A beginning is counted; an outage that goes on is not.
UPDATE destination
SET outages = outages + (?2 IS NOT NULL AND outage_since IS NULL), outage_since = ?2, outage_failures = ?3
WHERE id = ?1
