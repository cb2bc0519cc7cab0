-- ?1: how many, those heard of longest ago.
DELETE FROM source WHERE aet IN (
    SELECT aet FROM source WHERE watched IS NULL ORDER BY last, aet LIMIT ?1)
