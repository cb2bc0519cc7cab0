-- Of one destination, or of all.
SELECT destination, confirmation, items FROM confirming WHERE ?1 IS NULL OR destination = ?1
