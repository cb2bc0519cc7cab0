-- How many transactions the destination may have open: its part of so many, among all that are waited for.
SELECT max(1, ?1 / max(1, count(*))) FROM confirming WHERE confirmation = 'Waiting' AND items > 0
