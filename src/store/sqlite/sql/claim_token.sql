-- Never given out twice, over restarts too.
UPDATE meta SET value = value + 1 WHERE key = 'last_token' RETURNING value
