-- An item that waits sends what was received last.
UPDATE item SET file = ?2, digest = ?3, repeated = ?4 WHERE id = ?1
