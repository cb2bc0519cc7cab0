SELECT id, kind, time, name, study, instance, destination, data,
    (SELECT uid FROM known_study k WHERE k.study = outbox.study AND k.closed = 0)
FROM outbox
