-- Version 1: items, attempts, destinations, counts, the cursor.
--
-- Frozen once released: a change of the schema is a new file with the next number.
-- Times are microseconds since 1970-01-01 UTC.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to where Orthanc's /changes have been turned into items; no row: never.
CREATE TABLE cursor (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL,
    date TEXT NOT NULL
) STRICT;

-- Rows are never removed: items and attempts refer to them for ever.
CREATE TABLE destination (
    id                 INTEGER PRIMARY KEY,
    name               TEXT NOT NULL UNIQUE,
    paused             INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    last_success       INTEGER,
    last_error         INTEGER,
    last_error_class   TEXT,
    last_error_status  INTEGER,
    last_error_details TEXT,
    -- The outage that lasts, and how many there were.
    outage_since       INTEGER,
    outage_failures    INTEGER NOT NULL DEFAULT 0 CHECK (outage_failures >= 0),
    outages            INTEGER NOT NULL DEFAULT 0 CHECK (outages >= 0),
    CHECK ((last_error IS NULL) = (last_error_class IS NULL)),
    CHECK ((last_error IS NULL) = (last_error_details IS NULL))
) STRICT;

CREATE TABLE item (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    destination       INTEGER NOT NULL REFERENCES destination (id),
    state             TEXT NOT NULL CHECK (state IN (
        'Scheduled', 'Pending', 'Running', 'Retry', 'Success', 'Failure', 'Cancelled')),
    -- Low 0, Medium 1, High 2, Stat 3
    priority          INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    -- What is sent together; NULL: the item alone.
    grp               TEXT,
    -- The token of the worker that holds the item.
    claim             INTEGER,
    -- A person wants it sent now, before all others and through a closed window.
    hurried           INTEGER NOT NULL DEFAULT 0 CHECK (hurried IN (0, 1)),
    attempt_count     INTEGER NOT NULL DEFAULT 0 CHECK (attempt_count >= 0),
    created           INTEGER NOT NULL,
    -- Of an item in Retry, or Scheduled without a group; a group's is in hold.due.
    next_attempt      INTEGER,
    expires           INTEGER,
    completed         INTEGER,
    class             TEXT CHECK (class IN (
        'Success', 'Warning', 'Unreachable', 'Interrupted', 'Busy', 'Rejected',
        'NotNegotiated', 'Missing', 'Expired', 'Internal')),
    dimse_status      INTEGER CHECK (dimse_status BETWEEN 0 AND 65535),
    size_bytes        INTEGER NOT NULL CHECK (size_bytes >= 0),
    instance          TEXT NOT NULL,
    study             TEXT NOT NULL,
    series            TEXT NOT NULL,
    patient           TEXT NOT NULL,
    sop_instance_uid  TEXT NOT NULL,
    rule              TEXT,
    remote_aet        TEXT,
    details           TEXT,
    CHECK ((state = 'Running') = (claim IS NOT NULL)),
    CHECK ((state IN ('Success', 'Failure', 'Cancelled')) = (completed IS NOT NULL)),
    CHECK (state <> 'Failure' OR class IS NOT NULL),
    CHECK (CASE state
        WHEN 'Retry' THEN next_attempt IS NOT NULL
        WHEN 'Scheduled' THEN (next_attempt IS NULL) = (grp IS NOT NULL)
        ELSE next_attempt IS NULL
    END)
) STRICT;

-- Orthanc's identifiers are SHA-1: an index that began with the instance's would touch a random page
-- for each item. Behind the study's, the instances of a study are neighbours.
CREATE INDEX item_study ON item (study, instance, destination);
-- The head of a destination's queue; pages of a state in the order of id.
CREATE INDEX item_hurried ON item (destination, priority DESC)
    WHERE state = 'Pending' AND hurried = 1;

CREATE INDEX item_queue ON item (destination, state, priority DESC);
-- The rest of a group that is ready, and of one that waits.
CREATE INDEX item_pending_group ON item (destination, grp, priority)
    WHERE state = 'Pending' AND grp IS NOT NULL;
CREATE INDEX item_scheduled_group ON item (destination, grp)
    WHERE state = 'Scheduled' AND grp IS NOT NULL;
CREATE INDEX item_due ON item (next_attempt) WHERE next_attempt IS NOT NULL;
CREATE INDEX item_expires ON item (expires)
    WHERE expires IS NOT NULL AND state IN ('Scheduled', 'Pending', 'Retry');
CREATE INDEX item_prunable ON item (completed) WHERE state IN ('Success', 'Cancelled');
-- Not on the way of an item that is simply delivered:
CREATE INDEX item_failure ON item (destination, class, dimse_status, completed)
    WHERE state = 'Failure';
CREATE INDEX item_class ON item (class) WHERE class <> 'Success';
CREATE INDEX item_stopped_instance ON item (instance) WHERE state IN ('Failure', 'Cancelled');

-- The quiet period of a group: one row however many items wait for it, so that an arrival
-- that begins it anew writes one row and not the whole study.
CREATE TABLE hold (
    destination INTEGER NOT NULL REFERENCES destination (id),
    grp         TEXT NOT NULL,
    due         INTEGER NOT NULL,
    PRIMARY KEY (destination, grp)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_due ON hold (due);

CREATE TABLE attempt (
    item         INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL CHECK (number >= 1),
    -- Where it went, which after a redirect is not where the item goes. No foreign key: for each new
    -- destination SQLite would plan to look for attempts that had been waiting for it.
    destination  INTEGER NOT NULL,
    started      INTEGER NOT NULL,
    duration_us  INTEGER NOT NULL CHECK (duration_us >= 0),
    class        TEXT NOT NULL CHECK (class IN (
        'Success', 'Warning', 'Unreachable', 'Interrupted', 'Busy', 'Rejected',
        'NotNegotiated', 'Missing', 'Expired', 'Internal')),
    dimse_status INTEGER CHECK (dimse_status BETWEEN 0 AND 65535),
    details      TEXT NOT NULL,
    PRIMARY KEY (item, number)
) STRICT, WITHOUT ROWID;

-- How many items, and bytes, each destination has in each state: kept by triggers, so that no
-- statement can forget it.
CREATE TABLE tally (
    destination INTEGER NOT NULL REFERENCES destination (id),
    state       TEXT NOT NULL,
    items       INTEGER NOT NULL DEFAULT 0 CHECK (items >= 0),
    bytes       INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    PRIMARY KEY (destination, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER destination_made AFTER INSERT ON destination BEGIN
    INSERT INTO tally (destination, state)
    VALUES (NEW.id, 'Scheduled'), (NEW.id, 'Pending'), (NEW.id, 'Running'), (NEW.id, 'Retry'),
           (NEW.id, 'Success'), (NEW.id, 'Failure'), (NEW.id, 'Cancelled');
END;

CREATE TRIGGER item_made AFTER INSERT ON item BEGIN
    UPDATE tally SET items = items + 1, bytes = bytes + NEW.size_bytes
    WHERE destination = NEW.destination AND state = NEW.state;
END;

CREATE TRIGGER item_moved AFTER UPDATE OF state, destination, size_bytes ON item BEGIN
    UPDATE tally SET items = items - 1, bytes = bytes - OLD.size_bytes
    WHERE destination = OLD.destination AND state = OLD.state;
    UPDATE tally SET items = items + 1, bytes = bytes + NEW.size_bytes
    WHERE destination = NEW.destination AND state = NEW.state;
END;

CREATE TRIGGER item_removed AFTER DELETE ON item BEGIN
    UPDATE tally SET items = items - 1, bytes = bytes - OLD.size_bytes
    WHERE destination = OLD.destination AND state = OLD.state;
END;

-- A hold lives as long as an item waits for it.
CREATE TRIGGER item_left_hold AFTER UPDATE OF state ON item
WHEN OLD.state = 'Scheduled' AND NEW.state <> 'Scheduled' AND OLD.grp IS NOT NULL BEGIN
    DELETE FROM hold
    WHERE destination = OLD.destination AND grp = OLD.grp AND NOT EXISTS (
        SELECT 1 FROM item INDEXED BY item_scheduled_group
        WHERE destination = OLD.destination AND grp = OLD.grp AND state = 'Scheduled');
END;

CREATE TRIGGER item_removed_from_hold AFTER DELETE ON item
WHEN OLD.state = 'Scheduled' AND OLD.grp IS NOT NULL BEGIN
    DELETE FROM hold
    WHERE destination = OLD.destination AND grp = OLD.grp AND NOT EXISTS (
        SELECT 1 FROM item INDEXED BY item_scheduled_group
        WHERE destination = OLD.destination AND grp = OLD.grp AND state = 'Scheduled');
END;

-- An item as the program reads it.
CREATE VIEW item_full AS
SELECT i.id, i.instance, i.sop_instance_uid, i.series, i.study, i.patient,
       d.name AS destination, i.rule, i.remote_aet, i.state, i.priority, i.attempt_count,
       i.created, coalesce(i.next_attempt, h.due) AS next_attempt, i.completed, i.class,
       i.dimse_status, i.details, i.size_bytes
FROM item i
JOIN destination d ON d.id = i.destination
LEFT JOIN hold h ON i.state = 'Scheduled' AND h.destination = i.destination AND h.grp = i.grp;

INSERT INTO meta (key, value) VALUES ('last_token', 0), ('write_checks', 0);
