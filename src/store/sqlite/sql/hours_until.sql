SELECT value FROM meta WHERE key = 'hours_until'
