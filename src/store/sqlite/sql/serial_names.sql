-- From one name to the next: what is read is as much as there are names.
WITH RECURSIVE names (name) AS (
    SELECT min(name) FROM serial
    UNION ALL
    SELECT (SELECT min(name) FROM serial WHERE name > names.name) FROM names
    WHERE names.name IS NOT NULL
)
SELECT name, (SELECT max(number) FROM serial WHERE name = names.name)
FROM names
WHERE name IS NOT NULL
