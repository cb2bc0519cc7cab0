SELECT d.name, c.confirmation, c.items FROM confirming c JOIN destination d ON d.id = c.destination ORDER BY 1
