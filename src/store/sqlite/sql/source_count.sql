SELECT count(*) FROM source WHERE watched IS NULL
