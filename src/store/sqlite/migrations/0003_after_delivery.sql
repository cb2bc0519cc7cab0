-- Version 3: what is done after delivery. Destinations are asked later whether they have what they acknowledged.
-- What is proven elsewhere may be deleted from Orthanc. Patients are protected there while something is still to be
-- sent.

-- See item::Confirmation; NULL: None. Of its last delivery.
ALTER TABLE item ADD COLUMN confirmation TEXT;

-- Whether a claim had it for its destination: something of it may have come there, whatever became of the claim. Of
-- items from before nobody knows.
ALTER TABLE item ADD COLUMN touched INTEGER NOT NULL DEFAULT 1
    CHECK (touched IN (0, 1));

-- Whether its destination may have got something else than the data set that is stored: changed on its way, or
-- converted. Of all that was sent there; NULL: not known, nor under which UID.
ALTER TABLE item ADD COLUMN altered INTEGER
    CHECK (altered IN (0, 1));

ALTER TABLE past_item ADD COLUMN confirmation TEXT;

ALTER TABLE past_item ADD COLUMN altered INTEGER CHECK (altered IN (0, 1));

-- A series as it was sent, for the questions about its instances; as long as there are any.
CREATE TABLE sent_series (
    id         INTEGER PRIMARY KEY,
    -- Host and port. Empty, as all of these: not known.
    target     TEXT NOT NULL,
    study_uid  TEXT NOT NULL,
    series_uid TEXT NOT NULL,
    sop_class  TEXT NOT NULL,
    UNIQUE (series_uid, study_uid, sop_class, target)
) STRICT;

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
    -- NULL: nothing of it is known.
    sent            INTEGER REFERENCES sent_series (id),
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

CREATE INDEX follow_up_transaction ON follow_up (destination, transaction_uid) WHERE transaction_uid IS NOT NULL;

-- Those whose report is awaited.
CREATE INDEX follow_up_open ON follow_up (destination, due) WHERE claim IS NULL AND transaction_uid IS NOT NULL;

CREATE INDEX follow_up_sent ON follow_up (sent);

CREATE INDEX follow_up_claim ON follow_up (claim) WHERE claim IS NOT NULL;

CREATE TRIGGER follow_up_over AFTER DELETE ON follow_up
WHEN OLD.sent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM follow_up WHERE sent = OLD.sent) BEGIN
    DELETE FROM sent_series WHERE id = OLD.sent;
END;

CREATE TRIGGER follow_up_sent_again AFTER UPDATE OF sent ON follow_up
WHEN OLD.sent IS NOT NEW.sent AND OLD.sent IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM follow_up WHERE sent = OLD.sent) BEGIN
    DELETE FROM sent_series WHERE id = OLD.sent;
END;

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

-- What Orthanc must still have for: it is still to be sent, or nobody knows that its destination has it.
CREATE VIEW unfinished AS
SELECT id, patient, study FROM item
WHERE state NOT IN ('Success', 'Cancelled')
   OR (state = 'Success' AND confirmation IN ('Waiting', 'Refused', 'TimedOut'));

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

-- Files of which items were before they were of another one, that Orthanc received while they waited, and what gone
-- items were that went to the same destination again: it may have them.
CREATE TABLE past_file (
    study       INTEGER NOT NULL REFERENCES known_study (id),
    destination INTEGER NOT NULL,
    instance    TEXT NOT NULL,
    item        INTEGER NOT NULL,
    -- Empty: not known.
    file        TEXT NOT NULL,
    digest      TEXT,
    -- Under which SOP Instance UID it was sent; empty: not known, it may be any.
    sent_as     TEXT NOT NULL,
    -- See item; 1 where it is not known.
    altered     INTEGER NOT NULL CHECK (altered IN (0, 1)),
    PRIMARY KEY (study, destination, instance, item, file, sent_as, altered)
) STRICT, WITHOUT ROWID;

-- What no claim had has left nothing anywhere.
CREATE TRIGGER item_of_another_file BEFORE UPDATE OF file ON item
WHEN NEW.file IS NOT OLD.file AND OLD.touched = 1 BEGIN
    INSERT OR REPLACE INTO past_file (study, destination, instance, item, file, digest, sent_as, altered)
    SELECT id, OLD.destination, OLD.instance, OLD.id, coalesce(OLD.file, ''), OLD.digest,
        iif(OLD.altered IS NULL, '', coalesce(
            (SELECT sent_as FROM attempt WHERE item = OLD.id AND destination = OLD.destination
             ORDER BY number DESC LIMIT 1), OLD.sop_instance_uid)),
        coalesce(OLD.altered, 1)
    FROM known_study WHERE study = OLD.study AND closed = 0;
END;

-- It is sent under another UID than before: what was sent then may be there too.
CREATE TRIGGER attempt_under_another_uid BEFORE INSERT ON attempt
WHEN NEW.number > 1 BEGIN
    INSERT OR REPLACE INTO past_file (study, destination, instance, item, file, digest, sent_as, altered)
    SELECT k.id, i.destination, i.instance, i.id, coalesce(i.file, ''), i.digest,
        coalesce(a.sent_as, i.sop_instance_uid), coalesce(i.altered, 1)
    FROM item i
    JOIN known_study k ON k.study = i.study AND k.closed = 0
    JOIN attempt a ON a.item = i.id AND a.number = NEW.number - 1
    WHERE i.id = NEW.item AND a.destination = NEW.destination AND a.sent_as IS NOT NEW.sent_as;
END;

-- What an item leaves of itself where a claim had it: one that none had leaves nothing there.
CREATE VIEW leaving AS
SELECT i.id, k.id AS study, i.destination, i.instance, i.id AS item, i.state, i.class, i.dimse_status, i.completed,
       i.size_bytes, i.sop_instance_uid,
       (SELECT sent_as FROM attempt a WHERE a.item = i.id AND a.destination = i.destination
        ORDER BY number DESC LIMIT 1) AS sent_as,
       i.file, i.digest, i.repeated, i.confirmation, i.altered
FROM item i JOIN known_study k ON k.study = i.study AND k.closed = 0
WHERE i.state = 'Success' OR i.touched = 1;

-- Redirected there and back, it leaves a second one, which takes the place of the first.
CREATE TRIGGER past_item_again BEFORE INSERT ON past_item BEGIN
    INSERT OR REPLACE INTO past_file (study, destination, instance, item, file, digest, sent_as, altered)
    SELECT study, destination, instance, item, coalesce(file, ''), digest,
        iif(altered IS NULL, '', coalesce(sent_as, sop_instance_uid)), coalesce(altered, 1)
    FROM past_item
    WHERE study = NEW.study AND destination = NEW.destination AND instance = NEW.instance AND item = NEW.item;
END;

DROP TRIGGER item_gone;

DROP TRIGGER item_gone_elsewhere;

CREATE TRIGGER item_gone BEFORE DELETE ON item BEGIN
    INSERT OR REPLACE INTO past_item (study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation, altered)
    SELECT study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation, altered
    FROM leaving WHERE id = OLD.id;
END;

CREATE TRIGGER item_gone_elsewhere BEFORE UPDATE OF destination ON item
WHEN NEW.destination <> OLD.destination BEGIN
    INSERT OR REPLACE INTO past_item (study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation, altered)
    SELECT study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated, confirmation, altered
    FROM leaving WHERE id = OLD.id;
END;

-- What was deleted from Orthanc, for ever. Written before the first instance goes.
CREATE TABLE deletion (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    study     TEXT NOT NULL,
    -- Study Instance UID and Accession Number; empty: not known, or none.
    uid       TEXT NOT NULL,
    accession TEXT NOT NULL,
    begun     INTEGER NOT NULL,
    -- NULL: it goes on, or Orthanc ended amid it.
    ended     INTEGER,
    -- What was to go.
    instances INTEGER NOT NULL CHECK (instances >= 0),
    bytes     INTEGER NOT NULL CHECK (bytes >= 0),
    -- What went.
    gone      INTEGER NOT NULL DEFAULT 0 CHECK (gone >= 0),
    -- Before its days were over, since the disk was full.
    emergency INTEGER NOT NULL CHECK (emergency IN (0, 1)),
    -- Where it is, each with the time of the last delivery there: JSON, [["archive", 1800000000000000]].
    safe      TEXT NOT NULL,
    -- What kept the rest; NULL: nothing did.
    kept      TEXT
) STRICT;

CREATE INDEX deletion_study ON deletion (study);

CREATE INDEX deletion_uid ON deletion (uid) WHERE uid <> '';

CREATE INDEX deletion_accession ON deletion (accession) WHERE accession <> '';

CREATE INDEX deletion_open ON deletion (id) WHERE ended IS NULL;

-- What destinations led to, in the order in which it was found out: the last one of each is what it leads to now.
CREATE TABLE led_to (
    id          INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    -- Host and port; empty: not known.
    address     TEXT NOT NULL,
    -- Items up to this one may have gone elsewhere.
    since       INTEGER NOT NULL,
    UNIQUE (destination, address)
) STRICT;

-- Nobody wrote down where they led until now.
INSERT INTO led_to (destination, address, since) SELECT name, '', 0 FROM destination;

-- Patients who are protected in Orthanc while something of them is still to be sent.
CREATE TABLE protected (
    patient TEXT NOT NULL,
    study   TEXT NOT NULL,
    PRIMARY KEY (patient, study)
) STRICT, WITHOUT ROWID;
