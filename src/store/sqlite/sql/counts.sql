SELECT state, sum(items) FROM tally GROUP BY state
