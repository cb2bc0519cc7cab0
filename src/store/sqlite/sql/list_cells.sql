SELECT destination, state FROM tally
WHERE items > 0 AND (?1 IS NULL OR destination = ?1) AND (?2 IS NULL OR instr(?2, state))
