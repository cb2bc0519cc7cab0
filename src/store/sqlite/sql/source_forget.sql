-- ?1 AET.
DELETE FROM source WHERE aet = ?1 AND last IS NULL
