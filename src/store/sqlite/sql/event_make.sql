INSERT INTO event (kind, time, destination, user, redirected_to, details, count, seconds, request)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
