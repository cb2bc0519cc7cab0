-- Where something may have come of which no delivery is known: of nothing, a line without an instance tells so.
INSERT OR IGNORE INTO delivered (study, destination, first, last, instances, warnings, bytes)
SELECT study, destination, ?2, ?2, 0, 0, 0 FROM past_item WHERE study = ?1 GROUP BY destination
