-- Whether it was refused so before: then it was sent again once.
SELECT EXISTS (
    SELECT 1 FROM attempt a JOIN item i ON i.id = a.item
    WHERE a.item = ?1 AND a.destination = i.destination AND a.class = 'Rejected' AND a.dimse_status = ?2)
