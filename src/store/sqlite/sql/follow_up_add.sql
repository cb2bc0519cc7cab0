-- A delivery is to be confirmed. What was to be asked of an older one is no more.
INSERT INTO follow_up (item, destination, study, delivered, due, sent)
SELECT id, destination, study, ?2, ?3, ?4 FROM item WHERE id = ?1
ON CONFLICT (item) DO UPDATE
SET destination = excluded.destination, delivered = excluded.delivered, due = excluded.due, sent = excluded.sent,
    claim = NULL, asked = 0, transaction_uid = NULL, begun = NULL, begun_under = NULL, said = ''
