UPDATE outbox_study SET due = max(changed + ?1, ?2) WHERE due IS NOT NULL
