INSERT OR REPLACE INTO follow_up (item, destination, study, delivered, due)
SELECT id, destination, study, ?2, ?3 FROM item WHERE id = ?1
