-- An item that waits would send what nobody has decided to send: ?1 item, ?2 now, ?3 class, ?4 status, ?5 details, ?6
-- to ?8 what was received.
UPDATE item SET state = 'Failure', next_attempt = NULL, hurried = 0, completed = ?2, class = ?3, dimse_status = ?4,
    details = ?5, file = ?6, digest = ?7, repeated = ?8
WHERE id = ?1
