-- Those whose process has ended, and those whose lease is over.
SELECT id, any_result, ended_well FROM owner WHERE id <= ?1 OR id = ?2 OR lease_until <= ?3 ORDER BY id
