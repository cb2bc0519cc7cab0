-- Of one, or of all.
SELECT destination, state, items, bytes FROM tally WHERE ?1 IS NULL OR destination = ?1
