SELECT a.number, d.name, a.started, a.duration_us, a.class, a.dimse_status, a.details, a.sent_as
FROM attempt a JOIN destination d ON d.id = a.destination
WHERE a.item = ?1
ORDER BY a.number
