-- One that was sent under another SOP Instance UID, or whose item is pruned; else one of which there is an item.
SELECT EXISTS (
    SELECT 1 FROM own_output
    WHERE own_output.sent_study = ?1 AND (
        EXISTS (SELECT 1 FROM own_sent WHERE output = own_output.id AND uid = substr(?2, -24))
        OR (own_output.study <> own_output.sent_study AND EXISTS (
            SELECT 1 FROM item INDEXED BY item_study
            WHERE study = own_output.study AND sop_instance_uid = ?2))))
