-- Version 4: what is proven elsewhere may be deleted from Orthanc.

-- Files of which items were before they were of another one, that Orthanc received while they waited: an attempt may
-- have brought them to the destination.
CREATE TABLE past_file (
    study            INTEGER NOT NULL REFERENCES known_study (id),
    destination      INTEGER NOT NULL,
    instance         TEXT NOT NULL,
    item             INTEGER NOT NULL,
    -- Empty: not known.
    file             TEXT NOT NULL,
    digest           TEXT,
    sop_instance_uid TEXT NOT NULL,
    -- Under which SOP Instance UID it was sent last; NULL: its own.
    sent_as          TEXT,
    PRIMARY KEY (study, destination, instance, item, file)
) STRICT, WITHOUT ROWID;

-- What waits for its quiet period, and was never tried, has left nothing anywhere.
CREATE TRIGGER item_of_another_file BEFORE UPDATE OF file ON item
WHEN NEW.file IS NOT OLD.file
     AND (OLD.state <> 'Scheduled' OR EXISTS (SELECT 1 FROM attempt WHERE item = OLD.id)) BEGIN
    INSERT OR IGNORE INTO past_file (study, destination, instance, item, file, digest, sop_instance_uid, sent_as)
    SELECT id, OLD.destination, OLD.instance, OLD.id, coalesce(OLD.file, ''), OLD.digest, OLD.sop_instance_uid,
        (SELECT sent_as FROM attempt WHERE item = OLD.id AND destination = OLD.destination ORDER BY number DESC LIMIT 1)
    FROM known_study WHERE study = OLD.study AND closed = 0;
END;

DROP VIEW leaving;

-- What an item leaves of itself where it reached a destination, or may have when Orthanc ended suddenly: one that never
-- did leaves nothing there.
CREATE VIEW leaving AS
SELECT i.id, k.id AS study, i.destination, i.instance, i.id AS item, i.state, i.class, i.dimse_status, i.completed,
       i.size_bytes, i.sop_instance_uid,
       (SELECT sent_as FROM attempt a WHERE a.item = i.id AND a.destination = i.destination
        ORDER BY number DESC LIMIT 1) AS sent_as,
       i.file, i.digest, i.repeated, i.confirmation
FROM item i JOIN known_study k ON k.study = i.study AND k.closed = 0
WHERE i.state = 'Success' OR EXISTS (SELECT 1 FROM attempt a WHERE a.item = i.id AND a.destination = i.destination)
      OR EXISTS (SELECT 1 FROM suspect s WHERE s.item = i.id);

-- Destinations that got something else than what is stored: by a recipe, de-identified or compressed.
CREATE TABLE altering (
    destination TEXT PRIMARY KEY,
    -- Items up to this one may have been altered; NULL: it does so now.
    until       INTEGER
) STRICT, WITHOUT ROWID;

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
