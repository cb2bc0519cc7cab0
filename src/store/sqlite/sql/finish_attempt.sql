INSERT INTO attempt (
    item, number, destination, started, duration_us, class, dimse_status, details, sent_as)
VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM attempt WHERE item = ?1),
    ?2, ?3, ?4, ?5, ?6, ?7, ?8)
