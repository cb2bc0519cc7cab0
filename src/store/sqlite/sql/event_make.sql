INSERT INTO event (kind, time, destination, user, redirected_to, details, count, seconds)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
