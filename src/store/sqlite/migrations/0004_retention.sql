-- Version 4: what is proven elsewhere may be deleted from Orthanc.

-- Whether a claim had it for its destination: something of it may have come there, whatever became of the claim. Of
-- items from before nobody knows.
ALTER TABLE item ADD COLUMN touched INTEGER NOT NULL DEFAULT 1
    CHECK (touched IN (0, 1));

-- Whether its destination may have got something else than the data set that is stored: changed on its way, or
-- converted. Of all that was sent there; NULL: not known.
ALTER TABLE item ADD COLUMN altered INTEGER
    CHECK (altered IN (0, 1));

ALTER TABLE past_item ADD COLUMN altered INTEGER CHECK (altered IN (0, 1));

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
    -- Under which SOP Instance UID it was sent last.
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
        coalesce((SELECT sent_as FROM attempt WHERE item = OLD.id AND destination = OLD.destination
                  ORDER BY number DESC LIMIT 1), OLD.sop_instance_uid),
        coalesce(OLD.altered, 1)
    FROM known_study WHERE study = OLD.study AND closed = 0;
END;

DROP VIEW leaving;

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
    SELECT study, destination, instance, item, coalesce(file, ''), digest, coalesce(sent_as, sop_instance_uid),
        coalesce(altered, 1)
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
