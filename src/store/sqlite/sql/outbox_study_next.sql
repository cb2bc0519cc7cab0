SELECT min(due) FROM outbox_study WHERE due IS NOT NULL
