INSERT INTO hour (destination, hour, sent, bytes)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET sent = sent + excluded.sent, bytes = bytes + excluded.bytes
