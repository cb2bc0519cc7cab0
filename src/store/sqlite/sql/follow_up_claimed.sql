-- Those of a claim, each with what was sent.
SELECT i.id, i.instance, i.sop_instance_uid, i.series, i.study, i.patient,
       (SELECT sent_as FROM attempt a WHERE a.item = i.id AND a.class IN ('Success', 'Warning')
        ORDER BY number DESC LIMIT 1),
       f.delivered, f.asked, f.begun, f.said, s.target, s.study_uid, s.series_uid, s.sop_class
FROM follow_up f INDEXED BY follow_up_claim
CROSS JOIN item i ON i.id = f.item
LEFT JOIN sent_series s ON s.id = f.sent
WHERE f.claim = ?1
ORDER BY f.item
