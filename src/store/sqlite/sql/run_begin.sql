UPDATE meta SET value = 0 WHERE key IN ('stopped_well', 'any_result')
