-- Version 3: destinations are asked later whether they have what they acknowledged.

-- See item::Confirmation; NULL: None. Of its last delivery.
ALTER TABLE item ADD COLUMN confirmation TEXT;

ALTER TABLE past_item ADD COLUMN confirmation TEXT;

-- What is still to be asked, one for each delivery. Its item stays until it is over.
CREATE TABLE follow_up (
    item            INTEGER PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE,
    -- Those of its item.
    destination     INTEGER NOT NULL,
    study           TEXT NOT NULL,
    delivered       INTEGER NOT NULL,
    due             INTEGER NOT NULL,
    -- The token of the claim under which it is asked.
    claim           INTEGER,
    -- How often it was asked.
    asked           INTEGER NOT NULL DEFAULT 0 CHECK (asked >= 0),
    -- Storage commitment: the transaction whose report is awaited, since when, and the token under which it was begun.
    transaction_uid TEXT,
    begun           INTEGER,
    begun_under     INTEGER,
    -- What was said last, for people.
    said            TEXT NOT NULL DEFAULT '',
    CHECK ((transaction_uid IS NULL) = (begun IS NULL)),
    CHECK ((transaction_uid IS NULL) = (begun_under IS NULL))
) STRICT;

CREATE INDEX follow_up_due ON follow_up (destination, due) WHERE claim IS NULL;

CREATE INDEX follow_up_study ON follow_up (destination, study, due) WHERE claim IS NULL AND transaction_uid IS NULL;

CREATE INDEX follow_up_transaction ON follow_up (transaction_uid) WHERE transaction_uid IS NOT NULL;

CREATE INDEX follow_up_claim ON follow_up (claim) WHERE claim IS NOT NULL;

-- For lists; of what is not to be confirmed there is nothing in it.
CREATE INDEX item_confirmation ON item (confirmation, destination) WHERE confirmation IS NOT NULL;

-- How many deliveries are in which confirmation.
CREATE TABLE confirming (
    destination  INTEGER NOT NULL REFERENCES destination (id),
    confirmation TEXT NOT NULL,
    items        INTEGER NOT NULL CHECK (items >= 0),
    PRIMARY KEY (destination, confirmation)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER confirmation_entered AFTER UPDATE OF state, confirmation ON item
WHEN NEW.state = 'Success' AND NEW.confirmation IS NOT NULL
     AND (OLD.state <> 'Success' OR OLD.confirmation IS NOT NEW.confirmation) BEGIN
    INSERT INTO confirming (destination, confirmation, items) VALUES (NEW.destination, NEW.confirmation, 1)
    ON CONFLICT DO UPDATE SET items = items + 1;
END;

CREATE TRIGGER confirmation_left AFTER UPDATE OF state, confirmation ON item
WHEN OLD.state = 'Success' AND OLD.confirmation IS NOT NULL
     AND (NEW.state <> 'Success' OR NEW.confirmation IS NOT OLD.confirmation) BEGIN
    UPDATE confirming SET items = items - 1 WHERE destination = OLD.destination AND confirmation = OLD.confirmation;
END;

CREATE TRIGGER confirmation_removed AFTER DELETE ON item
WHEN OLD.state = 'Success' AND OLD.confirmation IS NOT NULL BEGIN
    UPDATE confirming SET items = items - 1 WHERE destination = OLD.destination AND confirmation = OLD.confirmation;
END;

-- What is still to be confirmed is not pruned, and costs the pruning nothing.
DROP INDEX item_prunable;

CREATE INDEX item_prunable ON item ((confirmation IS 'Waiting'), completed) WHERE state IN ('Success', 'Cancelled');

DROP VIEW item_full;

CREATE VIEW item_full AS
SELECT i.id, i.instance, i.sop_instance_uid, i.series, i.study, i.patient,
       d.name AS destination, i.rule, i.remote_aet, i.state, i.priority, i.attempt_count,
       i.created, coalesce(i.next_attempt, h.due) AS next_attempt, i.completed, i.class,
       i.dimse_status, i.details, i.size_bytes, i.confirmation
FROM item i
JOIN destination d ON d.id = i.destination
LEFT JOIN hold h ON i.state = 'Scheduled' AND h.destination = i.destination AND h.grp = i.grp;

DROP VIEW delivery;

-- What was sent of studies that are not closed, of items that are there and of those that are gone.
CREATE VIEW delivery AS
SELECT k.id AS study, i.destination, i.instance, i.id AS item, i.completed, i.class, i.dimse_status, i.size_bytes,
       i.sop_instance_uid, i.confirmation
FROM known_study k CROSS JOIN item i INDEXED BY item_study ON i.study = k.study
WHERE i.state = 'Success' AND k.closed = 0
UNION ALL
SELECT study, destination, instance, item, completed, class, dimse_status, size_bytes, sop_instance_uid, confirmation
FROM past_item
WHERE state = 'Success';

-- What an item leaves of itself where it reached a destination: one that never did leaves nothing there.
CREATE VIEW leaving AS
SELECT i.id, k.id AS study, i.destination, i.instance, i.id AS item, i.state, i.class, i.dimse_status, i.completed,
       i.size_bytes, i.sop_instance_uid,
       (SELECT sent_as FROM attempt a WHERE a.item = i.id AND a.destination = i.destination
        ORDER BY number DESC LIMIT 1) AS sent_as,
       i.file, i.digest, i.repeated, i.confirmation
FROM item i JOIN known_study k ON k.study = i.study AND k.closed = 0
WHERE i.state = 'Success' OR EXISTS (SELECT 1 FROM attempt a WHERE a.item = i.id AND a.destination = i.destination);

DROP TRIGGER item_gone;

DROP TRIGGER item_gone_elsewhere;

CREATE TRIGGER item_gone BEFORE DELETE ON item BEGIN
    INSERT OR REPLACE INTO past_item (study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation)
    SELECT study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation
    FROM leaving WHERE id = OLD.id;
END;

CREATE TRIGGER item_gone_elsewhere BEFORE UPDATE OF destination ON item
WHEN NEW.destination <> OLD.destination BEGIN
    INSERT OR REPLACE INTO past_item (study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation)
    SELECT study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation
    FROM leaving WHERE id = OLD.id;
END;
