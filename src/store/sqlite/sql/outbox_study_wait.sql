UPDATE outbox_study SET due = ?1 WHERE due < ?1
