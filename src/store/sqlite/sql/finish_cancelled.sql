-- The worker's word for it is void, but for what went there.
UPDATE item SET altered = max(altered, ?2) WHERE id = ?1 AND state = 'Cancelled'
