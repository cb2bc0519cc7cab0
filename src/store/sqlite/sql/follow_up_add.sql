-- A delivery is to be confirmed. What was to be asked of an older one is no more.
INSERT OR REPLACE INTO follow_up (item, destination, study, delivered, due)
SELECT id, destination, study, completed, ?2 FROM item WHERE id = ?1
