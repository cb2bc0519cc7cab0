-- Two probes, each of the first entry of an index.
SELECT min(due) FROM (
    SELECT min(next_attempt) AS due FROM item WHERE next_attempt IS NOT NULL
    UNION ALL
    SELECT min(due) FROM hold)
