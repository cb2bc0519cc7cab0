-- Version 2: what was delivered is known for longer than items are kept.

-- Studies of which there is, or was, an item, with what people call them as far as Orthanc told. Once its lines are
-- closed, one is another's no more: what is queued of the same study later is of another row, with names of its own.
CREATE TABLE known_study (
    id        INTEGER PRIMARY KEY,
    study     TEXT NOT NULL,
    closed    INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    -- Study Instance UID and Accession Number; empty: not known, or none.
    uid       TEXT NOT NULL DEFAULT '',
    accession TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX known_study_open ON known_study (study) WHERE closed = 0;

CREATE INDEX known_study_still_open ON known_study (id) WHERE closed = 0;

CREATE INDEX known_study_study ON known_study (study);

CREATE INDEX known_study_uid ON known_study (uid) WHERE uid <> '';

CREATE INDEX known_study_accession ON known_study (accession) WHERE accession <> '';

INSERT INTO known_study (study) SELECT DISTINCT study FROM item;

-- A study was delivered to a destination. The figures are NULL until the line is closed: then nothing else is left of
-- it.
CREATE TABLE delivered (
    id          INTEGER PRIMARY KEY,
    study       INTEGER NOT NULL REFERENCES known_study (id),
    -- No foreign key, as of an attempt.
    destination INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    -- To the second; of a closed line exact.
    last        INTEGER NOT NULL,
    instances   INTEGER CHECK (instances >= 0),
    warnings    INTEGER CHECK (warnings >= 0),
    bytes       INTEGER CHECK (bytes >= 0),
    UNIQUE (study, destination),
    CHECK ((instances IS NULL) = (bytes IS NULL)),
    CHECK ((instances IS NULL) = (warnings IS NULL))
) STRICT;

CREATE INDEX delivered_closed ON delivered (last) WHERE instances IS NOT NULL;

INSERT INTO delivered (study, destination, first, last)
SELECT k.id, i.destination, min(i.completed), max(i.completed)
FROM item i JOIN known_study k ON k.study = i.study
WHERE i.state = 'Success'
GROUP BY k.id, i.destination
ORDER BY min(i.completed);

-- Items that are gone and that a destination may have: pruned, removed, or redirected, which leaves one at where it was
-- to go. As long as Orthanc has their study, what became of each is known.
CREATE TABLE past_item (
    study            INTEGER NOT NULL REFERENCES known_study (id),
    destination      INTEGER NOT NULL,
    instance         TEXT NOT NULL,
    item             INTEGER NOT NULL,
    -- Its last one there.
    state            TEXT NOT NULL,
    class            TEXT,
    dimse_status     INTEGER CHECK (dimse_status BETWEEN 0 AND 65535),
    completed        INTEGER,
    size_bytes       INTEGER NOT NULL CHECK (size_bytes >= 0),
    sop_instance_uid TEXT NOT NULL,
    -- Under which SOP Instance UID it was sent last; NULL: its own.
    sent_as          TEXT,
    -- See item.
    file             TEXT,
    digest           TEXT,
    repeated         INTEGER,
    PRIMARY KEY (study, destination, instance, item)
) STRICT, WITHOUT ROWID;

-- One look at two indexes whose pages the other items of the study have brought, and a write a second.
CREATE TRIGGER item_delivered AFTER UPDATE OF state ON item
WHEN NEW.state = 'Success' BEGIN
    INSERT INTO delivered (study, destination, first, last)
    SELECT id, NEW.destination, NEW.completed, NEW.completed FROM known_study WHERE study = NEW.study AND closed = 0
    ON CONFLICT (study, destination) DO UPDATE SET last = excluded.last
    WHERE last <= excluded.last - 1000000;
END;

-- What never reached a destination leaves nothing there.
CREATE TRIGGER item_gone BEFORE DELETE ON item
WHEN OLD.attempt_count > 0 OR OLD.state = 'Success' BEGIN
    INSERT OR REPLACE INTO past_item (study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated)
    SELECT id, OLD.destination, OLD.instance, OLD.id, OLD.state, OLD.class, OLD.dimse_status, OLD.completed,
        OLD.size_bytes, OLD.sop_instance_uid,
        (SELECT sent_as FROM attempt WHERE item = OLD.id AND destination = OLD.destination ORDER BY number DESC LIMIT 1),
        OLD.file, OLD.digest, OLD.repeated
    FROM known_study WHERE study = OLD.study AND closed = 0;
END;

CREATE TRIGGER item_gone_elsewhere BEFORE UPDATE OF destination ON item
WHEN NEW.destination <> OLD.destination AND OLD.attempt_count > 0 BEGIN
    INSERT OR REPLACE INTO past_item (study, destination, instance, item, state, class, dimse_status, completed,
        size_bytes, sop_instance_uid, sent_as, file, digest, repeated)
    SELECT id, OLD.destination, OLD.instance, OLD.id, OLD.state, OLD.class, OLD.dimse_status, OLD.completed,
        OLD.size_bytes, OLD.sop_instance_uid,
        (SELECT sent_as FROM attempt WHERE item = OLD.id AND destination = OLD.destination ORDER BY number DESC LIMIT 1),
        OLD.file, OLD.digest, OLD.repeated
    FROM known_study WHERE study = OLD.study AND closed = 0;
END;

-- What was sent of studies that are not closed, of items that are there and of those that are gone.
CREATE VIEW delivery AS
SELECT k.id AS study, i.destination, i.instance, i.id AS item, i.completed, i.class, i.dimse_status, i.size_bytes,
       i.sop_instance_uid
FROM known_study k CROSS JOIN item i INDEXED BY item_study ON i.study = k.study
WHERE i.state = 'Success' AND k.closed = 0
UNION ALL
SELECT study, destination, instance, item, completed, class, dimse_status, size_bytes, sop_instance_uid
FROM past_item
WHERE state = 'Success';
