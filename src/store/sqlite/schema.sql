-- What the migrations lead to; written by a test, see tests/schema.rs.
PRAGMA user_version = 4;

CREATE INDEX deletion_accession ON deletion (accession) WHERE accession <> '';

CREATE INDEX deletion_open ON deletion (id) WHERE ended IS NULL;

CREATE INDEX deletion_study ON deletion (study);

CREATE INDEX deletion_uid ON deletion (uid) WHERE uid <> '';

CREATE INDEX delivered_closed ON delivered (last) WHERE instances IS NOT NULL;

CREATE INDEX event_kind ON event (kind, time);

CREATE INDEX event_time ON event (time);

CREATE INDEX follow_up_claim ON follow_up (claim) WHERE claim IS NOT NULL;

CREATE INDEX follow_up_due ON follow_up (destination, due) WHERE claim IS NULL;

CREATE INDEX follow_up_open ON follow_up (destination, due) WHERE claim IS NULL AND transaction_uid IS NOT NULL;

CREATE INDEX follow_up_sent ON follow_up (sent);

CREATE INDEX follow_up_study ON follow_up (destination, study, due) WHERE claim IS NULL AND transaction_uid IS NULL;

CREATE INDEX follow_up_transaction ON follow_up (destination, transaction_uid) WHERE transaction_uid IS NOT NULL;

CREATE INDEX hold_due ON hold (due);

CREATE INDEX item_class ON item (class, destination, state)
    WHERE class <> 'Success';

CREATE INDEX item_confirmation ON item (confirmation, destination) WHERE confirmation IS NOT NULL;

CREATE INDEX item_due ON item (next_attempt) WHERE next_attempt IS NOT NULL;

CREATE INDEX item_expires ON item (expires)
    WHERE expires IS NOT NULL AND state IN ('Scheduled', 'Pending', 'Retry');

CREATE INDEX item_failure ON item (destination, class, dimse_status, completed)
    WHERE state = 'Failure';

CREATE INDEX item_failure_kind ON item (destination, class, dimse_status)
    WHERE state = 'Failure';

CREATE INDEX item_hurried ON item (destination, priority DESC)
    WHERE state = 'Pending' AND hurried = 1;

CREATE INDEX item_outcome ON item (class, dimse_status, destination, state)
    WHERE class <> 'Success';

CREATE INDEX item_pending_group ON item (destination, grp, priority, place)
    WHERE state = 'Pending' AND grp IS NOT NULL;

CREATE INDEX item_prunable ON item ((confirmation IS 'Waiting'), completed) WHERE state IN ('Success', 'Cancelled');

CREATE INDEX item_queue ON item (destination, state, priority DESC);

CREATE INDEX item_scheduled_group ON item (destination, grp, place)
    WHERE state = 'Scheduled' AND grp IS NOT NULL AND next_attempt IS NULL;

CREATE INDEX item_stopped_instance ON item (instance) WHERE state IN ('Failure', 'Cancelled');

CREATE INDEX item_study ON item (study, instance, destination);

CREATE INDEX item_success_untold ON item (destination)
    WHERE class = 'Success' AND dimse_status IS NULL;

CREATE INDEX known_study_accession ON known_study (accession) WHERE accession <> '';

CREATE UNIQUE INDEX known_study_open ON known_study (study) WHERE closed = 0;

CREATE INDEX known_study_still_open ON known_study (id) WHERE closed = 0;

CREATE INDEX known_study_study ON known_study (study);

CREATE INDEX known_study_uid ON known_study (uid) WHERE uid <> '';

CREATE INDEX outbox_study_changed ON outbox_study (changed);

CREATE INDEX outbox_study_due ON outbox_study (due) WHERE due IS NOT NULL;

CREATE INDEX own_output_study ON own_output (study) WHERE sent_study <> study;

CREATE UNIQUE INDEX serial_number ON serial (name, number);

CREATE INDEX subject_list ON subject (list);

CREATE INDEX taken_study_owed ON taken_study (since, study) WHERE owed = 1;

CREATE TABLE announced (
    kind  TEXT PRIMARY KEY,
    quiet INTEGER NOT NULL CHECK (quiet >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    item         INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL CHECK (number >= 1),
    -- Where it went, which after a redirect is not where the item goes. No foreign key: for each new
    -- destination SQLite would plan to look for attempts that had been waiting for it.
    destination  INTEGER NOT NULL,
    started      INTEGER NOT NULL,
    duration_us  INTEGER NOT NULL CHECK (duration_us >= 0),
    class        TEXT NOT NULL,
    dimse_status INTEGER CHECK (dimse_status BETWEEN 0 AND 65535),
    details      TEXT NOT NULL,
    -- The SOP Instance UID under which it was sent; NULL: its own.
    sent_as      TEXT,
    PRIMARY KEY (item, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE confirming (
    destination  INTEGER NOT NULL REFERENCES destination (id),
    confirmation TEXT NOT NULL,
    items        INTEGER NOT NULL CHECK (items >= 0),
    PRIMARY KEY (destination, confirmation)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL,
    date TEXT NOT NULL
) STRICT;

CREATE TABLE decision (
    study_uid TEXT NOT NULL,
    recipe    TEXT NOT NULL,
    key       TEXT NOT NULL,
    value     TEXT NOT NULL,
    decided   INTEGER NOT NULL,
    PRIMARY KEY (study_uid, recipe, key)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE destination (
    id                 INTEGER PRIMARY KEY,
    name               TEXT NOT NULL UNIQUE,
    -- What it is, also when Orthanc's configuration no longer says so.
    kind               TEXT NOT NULL DEFAULT 'modality',
    -- Since when a person holds it; NULL: nobody does.
    paused_since       INTEGER,
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

CREATE TABLE event (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    time          INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    destination   TEXT,
    user          TEXT,
    count         INTEGER CHECK (count >= 0),
    -- Of which request it is; NULL: of several that named one item each, or of none.
    request       INTEGER,
    redirected_to TEXT,
    -- How long what ends here was.
    seconds       INTEGER CHECK (seconds >= 0),
    details       TEXT
) STRICT;

CREATE TABLE failure (
    destination  INTEGER NOT NULL REFERENCES destination (id),
    class        TEXT NOT NULL,
    -- -1: none, since a primary key takes no NULL.
    dimse_status INTEGER NOT NULL CHECK (dimse_status BETWEEN -1 AND 65535),
    items        INTEGER NOT NULL CHECK (items >= 0),
    total        INTEGER NOT NULL CHECK (total >= items),
    PRIMARY KEY (destination, class, dimse_status)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE gap (
    seq        INTEGER PRIMARY KEY,
    last       INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    CHECK (last >= seq)
) STRICT;

CREATE TABLE hand (
    claim       INTEGER PRIMARY KEY,
    -- Items in the order of their places, then identifiers, both included.
    first_place INTEGER NOT NULL,
    first_item  INTEGER NOT NULL,
    last_place  INTEGER NOT NULL,
    last_item   INTEGER NOT NULL,
    job         TEXT,
    CHECK ((last_place, last_item) >= (first_place, first_item))
) STRICT;

CREATE TABLE hold (
    destination INTEGER NOT NULL REFERENCES destination (id),
    grp         TEXT NOT NULL,
    due         INTEGER NOT NULL,
    -- What is due at the latest, whatever arrives.
    latest      INTEGER NOT NULL CHECK (latest >= due),
    PRIMARY KEY (destination, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE hour (
    destination INTEGER NOT NULL REFERENCES destination (id),
    hour        INTEGER NOT NULL,
    sent        INTEGER NOT NULL DEFAULT 0 CHECK (sent >= 0),
    bytes       INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    failed      INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    PRIMARY KEY (destination, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    destination       INTEGER NOT NULL REFERENCES destination (id),
    state             TEXT NOT NULL,
    -- Low 0, Medium 1, High 2, Stat 3
    priority          INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    -- What is sent together; NULL: the item alone.
    grp               TEXT,
    -- Within its group, and its priority, smaller ones go first.
    place             INTEGER NOT NULL,
    -- The token of the claim that holds the item; its owner is in it.
    claim             INTEGER,
    -- A person wants it sent now, before all others and through a closed window.
    hurried           INTEGER NOT NULL DEFAULT 0 CHECK (hurried IN (0, 1)),
    attempt_count     INTEGER NOT NULL DEFAULT 0 CHECK (attempt_count >= 0),
    created           INTEGER NOT NULL,
    -- Of an item in Retry, Scheduled without a group, or held for itself alone; a group's is in hold.due.
    next_attempt      INTEGER,
    expires           INTEGER,
    completed         INTEGER,
    class             TEXT,
    dimse_status      INTEGER CHECK (dimse_status BETWEEN 0 AND 65535),
    size_bytes        INTEGER NOT NULL CHECK (size_bytes >= 0),
    instance          TEXT NOT NULL,
    study             TEXT NOT NULL,
    series            TEXT NOT NULL,
    patient           TEXT NOT NULL,
    sop_instance_uid  TEXT NOT NULL,
    rule              TEXT,
    remote_aet        TEXT,
    -- Which reception of its instance it is of (store::Reception): the file that Orthanc stored, a digest of it where
    -- it was asked for, and when Orthanc told that it received the instance again without storing it.
    file              TEXT,
    digest            TEXT,
    repeated          INTEGER,
    -- Whether it was made because of another instance of its study: says nothing of the arrival of its own.
    earlier           INTEGER NOT NULL DEFAULT 0 CHECK (earlier IN (0, 1)),
    details           TEXT, confirmation TEXT, touched INTEGER NOT NULL DEFAULT 1
    CHECK (touched IN (0, 1)), altered INTEGER
    CHECK (altered IN (0, 1)),
    CHECK (CASE state
        WHEN 'Scheduled' THEN claim IS NULL AND completed IS NULL AND (next_attempt IS NOT NULL OR grp IS NOT NULL)
        WHEN 'Pending'   THEN claim IS NULL AND completed IS NULL AND next_attempt IS NULL
        WHEN 'Running'   THEN claim IS NOT NULL AND completed IS NULL AND next_attempt IS NULL
        WHEN 'Retry'     THEN claim IS NULL AND completed IS NULL AND next_attempt IS NOT NULL
        WHEN 'Success'   THEN claim IS NULL AND completed IS NOT NULL AND next_attempt IS NULL
        WHEN 'Failure'   THEN claim IS NULL AND completed IS NOT NULL AND next_attempt IS NULL AND class IS NOT NULL
        WHEN 'Cancelled' THEN claim IS NULL AND completed IS NOT NULL AND next_attempt IS NULL
        ELSE true
    END)
) STRICT;

CREATE TABLE known_study (
    id        INTEGER PRIMARY KEY,
    study     TEXT NOT NULL,
    closed    INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    -- Study Instance UID and Accession Number; empty: not known, or none.
    uid       TEXT NOT NULL DEFAULT '',
    accession TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE led_to (
    id          INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    -- Host and port; empty: not known.
    address     TEXT NOT NULL,
    -- Items up to this one may have gone elsewhere.
    since       INTEGER NOT NULL,
    UNIQUE (destination, address)
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL,
    time        INTEGER NOT NULL,
    -- What is told twice has the same one.
    name        TEXT NOT NULL,
    study       TEXT NOT NULL,
    instance    TEXT,
    destination TEXT,
    -- JSON: what was known in the transaction that made the row; once it is whole, all that is told.
    data        TEXT NOT NULL
) STRICT;

CREATE TABLE outbox_reader (
    name TEXT PRIMARY KEY,
    seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_study (
    study       TEXT NOT NULL,
    destination INTEGER NOT NULL,
    -- When it is told, if nothing else happens; to the second. NULL: it was, or not all is delivered.
    due         INTEGER,
    -- Whether something happened since it was told.
    untold      INTEGER NOT NULL DEFAULT 1 CHECK (untold IN (0, 1)),
    -- How often it was told.
    revision    INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0),
    changed     INTEGER NOT NULL,
    PRIMARY KEY (study, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE own_output (
    id         INTEGER PRIMARY KEY,
    sent_study TEXT NOT NULL,
    study      TEXT NOT NULL,
    since      INTEGER NOT NULL,
    UNIQUE (sent_study, study)
) STRICT;

CREATE TABLE own_sent (
    output INTEGER NOT NULL REFERENCES own_output (id),
    uid    TEXT NOT NULL,
    PRIMARY KEY (output, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE owner (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Claims so far.
    claims      INTEGER NOT NULL DEFAULT 0 CHECK (claims BETWEEN 0 AND 1099511627775),
    -- When the others may take what it has. NULL: not as long as its process lives.
    lease_until INTEGER,
    -- Whether something came to a result since it began, and whether it stopped as it should.
    any_result  INTEGER NOT NULL DEFAULT 0 CHECK (any_result IN (0, 1)),
    ended_well  INTEGER NOT NULL DEFAULT 0 CHECK (ended_well IN (0, 1))
) STRICT;

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
    repeated         INTEGER, confirmation TEXT, altered INTEGER CHECK (altered IN (0, 1)),
    PRIMARY KEY (study, destination, instance, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE protected (
    patient TEXT NOT NULL,
    study   TEXT NOT NULL,
    PRIMARY KEY (patient, study)
) STRICT, WITHOUT ROWID;

CREATE TABLE sent_series (
    id         INTEGER PRIMARY KEY,
    -- Host and port. Empty, as all of these: not known.
    target     TEXT NOT NULL,
    study_uid  TEXT NOT NULL,
    series_uid TEXT NOT NULL,
    sop_class  TEXT NOT NULL,
    UNIQUE (series_uid, study_uid, sop_class, target)
) STRICT;

CREATE TABLE serial (
    name      TEXT NOT NULL,
    study_uid TEXT NOT NULL,
    number    INTEGER NOT NULL CHECK (number >= 1),
    given     INTEGER NOT NULL,
    PRIMARY KEY (name, study_uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    aet     TEXT PRIMARY KEY,
    -- NULL: nothing since it is watched.
    last    INTEGER,
    -- Since when it is watched; NULL: it is not.
    watched INTEGER,
    CHECK (last IS NOT NULL OR watched IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE subject (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    list  TEXT NOT NULL,
    key   TEXT NOT NULL,
    found TEXT NOT NULL,
    UNIQUE (list, key)
) STRICT;

CREATE TABLE suspect (
    item   INTEGER PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE,
    -- Sudden ends, one after the other, with it in hand.
    seen   INTEGER NOT NULL CHECK (seen >= 1),
    -- Those that may be its doing: nothing else had come to a result since the start, or it was sent alone.
    blamed INTEGER NOT NULL CHECK (blamed >= 0),
    -- How it goes: as ever (Any), not beside another suspect (Single), or behind all others and alone (Aside).
    way    TEXT NOT NULL
) STRICT;

CREATE TABLE taken_study (
    study TEXT NOT NULL,
    rule  TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- Whether a look back at what Orthanc has of the study is owed.
    owed  INTEGER NOT NULL CHECK (owed IN (0, 1)),
    PRIMARY KEY (study, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE tally (
    destination INTEGER NOT NULL REFERENCES destination (id),
    state       TEXT NOT NULL,
    items       INTEGER NOT NULL DEFAULT 0 CHECK (items >= 0),
    bytes       INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    PRIMARY KEY (destination, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER attempt_announced AFTER INSERT ON attempt
WHEN NEW.class IN ('Success', 'Warning') AND (SELECT true FROM announced WHERE kind = 'instance.delivered') BEGIN
    INSERT INTO outbox (kind, time, name, study, instance, destination, data)
    SELECT 'instance.delivered', i.completed, i.id || '.' || NEW.number || '.' || i.completed, i.study, i.instance, d.name,
        json_object('item', i.id, 'series', i.series, 'uid', i.sop_instance_uid,
            'sent_as', NEW.sent_as, 'size', i.size_bytes, 'attempts', i.attempt_count, 'class', i.class,
            'status', i.dimse_status)
    FROM item i JOIN destination d ON d.id = NEW.destination
    WHERE i.id = NEW.item AND i.state = 'Success';
END;

CREATE TRIGGER attempt_of_study AFTER INSERT ON attempt
WHEN NEW.class IN ('Success', 'Warning') AND (SELECT true FROM announced WHERE kind = 'study.delivered') BEGIN
    INSERT INTO outbox_study (study, destination, due, changed)
    SELECT i.study, NEW.destination, i.completed + k.quiet, i.completed
    FROM item i JOIN announced k ON k.kind = 'study.delivered'
    WHERE i.id = NEW.item AND i.state = 'Success'
    ON CONFLICT (study, destination) DO UPDATE SET due = excluded.due, changed = excluded.changed, untold = 1
    WHERE due IS NULL OR due <= excluded.due - 1000000;
END;

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

CREATE TRIGGER destination_made AFTER INSERT ON destination BEGIN
    INSERT INTO tally (destination, state)
    VALUES (NEW.id, 'Scheduled'), (NEW.id, 'Pending'), (NEW.id, 'Running'), (NEW.id, 'Retry'),
           (NEW.id, 'Success'), (NEW.id, 'Failure'), (NEW.id, 'Cancelled');
END;

CREATE TRIGGER failure_entered AFTER UPDATE OF state ON item
WHEN NEW.state = 'Failure' AND OLD.state <> 'Failure' BEGIN
    INSERT INTO failure (destination, class, dimse_status, items, total)
    VALUES (NEW.destination, NEW.class, coalesce(NEW.dimse_status, -1), 1, 1)
    ON CONFLICT DO UPDATE SET items = items + 1, total = total + 1;
    INSERT INTO hour (destination, hour, failed)
    VALUES (NEW.destination, NEW.completed / 3600000000, 1)
    ON CONFLICT DO UPDATE SET failed = failed + 1;
END;

CREATE TRIGGER failure_left AFTER UPDATE OF state ON item
WHEN OLD.state = 'Failure' AND NEW.state <> 'Failure' BEGIN
    UPDATE failure SET items = items - 1
    WHERE destination = OLD.destination AND class = OLD.class
      AND dimse_status = coalesce(OLD.dimse_status, -1);
END;

CREATE TRIGGER failure_made AFTER INSERT ON item
WHEN NEW.state = 'Failure' BEGIN
    INSERT INTO failure (destination, class, dimse_status, items, total)
    VALUES (NEW.destination, NEW.class, coalesce(NEW.dimse_status, -1), 1, 1)
    ON CONFLICT DO UPDATE SET items = items + 1, total = total + 1;
    INSERT INTO hour (destination, hour, failed)
    VALUES (NEW.destination, NEW.completed / 3600000000, 1)
    ON CONFLICT DO UPDATE SET failed = failed + 1;
END;

CREATE TRIGGER failure_removed AFTER DELETE ON item
WHEN OLD.state = 'Failure' BEGIN
    UPDATE failure SET items = items - 1
    WHERE destination = OLD.destination AND class = OLD.class
      AND dimse_status = coalesce(OLD.dimse_status, -1);
END;

CREATE TRIGGER follow_up_over AFTER DELETE ON follow_up
WHEN OLD.sent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM follow_up WHERE sent = OLD.sent) BEGIN
    DELETE FROM sent_series WHERE id = OLD.sent;
END;

CREATE TRIGGER follow_up_sent_again AFTER UPDATE OF sent ON follow_up
WHEN OLD.sent IS NOT NEW.sent AND OLD.sent IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM follow_up WHERE sent = OLD.sent) BEGIN
    DELETE FROM sent_series WHERE id = OLD.sent;
END;

CREATE TRIGGER item_confirmed_of_study AFTER UPDATE OF confirmation ON item
WHEN OLD.confirmation IN ('Refused', 'TimedOut') AND (SELECT true FROM announced WHERE kind = 'study.delivered') BEGIN
    UPDATE outbox_study SET due = changed
    WHERE study = NEW.study AND destination = NEW.destination AND due IS NULL AND untold = 1;
END;

CREATE TRIGGER item_delivered AFTER UPDATE OF state ON item
WHEN NEW.state = 'Success' BEGIN
    INSERT INTO delivered (study, destination, first, last)
    SELECT id, NEW.destination, NEW.completed, NEW.completed FROM known_study WHERE study = NEW.study AND closed = 0
    ON CONFLICT (study, destination) DO UPDATE SET last = excluded.last
    WHERE last <= excluded.last - 1000000;
END;

CREATE TRIGGER item_elsewhere_of_study AFTER UPDATE OF destination ON item
WHEN NEW.destination <> OLD.destination AND (SELECT true FROM announced WHERE kind = 'study.delivered') BEGIN
    UPDATE outbox_study SET due = changed
    WHERE study = OLD.study AND destination = OLD.destination AND due IS NULL AND untold = 1;
END;

CREATE TRIGGER item_failed_announced AFTER UPDATE OF state ON item
WHEN NEW.state = 'Failure' AND OLD.state <> 'Failure'
    AND (SELECT true FROM announced WHERE kind = 'instance.failed') BEGIN
    INSERT INTO outbox (kind, time, name, study, instance, destination, data)
    SELECT 'instance.failed', time, name, study, instance, destination, data FROM failure_told WHERE id = NEW.id;
END;

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

CREATE TRIGGER item_gone_of_study AFTER DELETE ON item
WHEN (OLD.state NOT IN ('Success', 'Cancelled') OR OLD.confirmation IN ('Refused', 'TimedOut'))
    AND (SELECT true FROM announced WHERE kind = 'study.delivered') BEGIN
    UPDATE outbox_study SET due = changed
    WHERE study = OLD.study AND destination = OLD.destination AND due IS NULL AND untold = 1;
END;

CREATE TRIGGER item_left_hold AFTER UPDATE OF state ON item
WHEN OLD.state = 'Scheduled' AND NEW.state <> 'Scheduled' AND OLD.grp IS NOT NULL BEGIN
    DELETE FROM hold
    WHERE destination = OLD.destination AND grp = OLD.grp AND NOT EXISTS (
        SELECT 1 FROM item INDEXED BY item_scheduled_group
        WHERE destination = OLD.destination AND grp = OLD.grp AND state = 'Scheduled' AND next_attempt IS NULL);
END;

CREATE TRIGGER item_made AFTER INSERT ON item BEGIN
    UPDATE tally SET items = items + 1, bytes = bytes + NEW.size_bytes
    WHERE destination = NEW.destination AND state = NEW.state;
END;

CREATE TRIGGER item_made_failed_announced AFTER INSERT ON item
WHEN NEW.state = 'Failure' AND (SELECT true FROM announced WHERE kind = 'instance.failed') BEGIN
    INSERT INTO outbox (kind, time, name, study, instance, destination, data)
    SELECT 'instance.failed', time, name, study, instance, destination, data FROM failure_told WHERE id = NEW.id;
END;

CREATE TRIGGER item_moved AFTER UPDATE OF state, destination, size_bytes ON item BEGIN
    UPDATE tally SET items = items - 1, bytes = bytes - OLD.size_bytes
    WHERE destination = OLD.destination AND state = OLD.state;
    UPDATE tally SET items = items + 1, bytes = bytes + NEW.size_bytes
    WHERE destination = NEW.destination AND state = NEW.state;
END;

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

CREATE TRIGGER item_removed AFTER DELETE ON item BEGIN
    UPDATE tally SET items = items - 1, bytes = bytes - OLD.size_bytes
    WHERE destination = OLD.destination AND state = OLD.state;
END;

CREATE TRIGGER item_removed_from_hold AFTER DELETE ON item
WHEN OLD.state = 'Scheduled' AND OLD.grp IS NOT NULL BEGIN
    DELETE FROM hold
    WHERE destination = OLD.destination AND grp = OLD.grp AND NOT EXISTS (
        SELECT 1 FROM item INDEXED BY item_scheduled_group
        WHERE destination = OLD.destination AND grp = OLD.grp AND state = 'Scheduled' AND next_attempt IS NULL);
END;

CREATE TRIGGER item_removed_from_output AFTER DELETE ON item
WHEN EXISTS (SELECT 1 FROM own_output WHERE study = OLD.study AND sent_study <> study) BEGIN
    INSERT INTO own_sent (output, uid)
    SELECT id, substr(OLD.sop_instance_uid, -24)
    FROM own_output WHERE study = OLD.study AND sent_study <> study
    ON CONFLICT (output, uid) DO NOTHING;
END;

CREATE TRIGGER past_item_again BEFORE INSERT ON past_item BEGIN
    INSERT OR REPLACE INTO past_file (study, destination, instance, item, file, digest, sent_as, altered)
    SELECT study, destination, instance, item, coalesce(file, ''), digest,
        iif(altered IS NULL, '', coalesce(sent_as, sop_instance_uid)), coalesce(altered, 1)
    FROM past_item
    WHERE study = NEW.study AND destination = NEW.destination AND instance = NEW.instance AND item = NEW.item;
END;

CREATE TRIGGER suspect_cleared AFTER UPDATE OF state ON item
WHEN NEW.state IN ('Retry', 'Success', 'Failure', 'Cancelled') BEGIN
    DELETE FROM suspect WHERE item = NEW.id;
END;

CREATE VIEW delivery AS
SELECT k.id AS study, i.destination, i.instance, i.id AS item, i.completed, i.class, i.dimse_status, i.size_bytes,
       i.sop_instance_uid, i.confirmation
FROM known_study k CROSS JOIN item i INDEXED BY item_study ON i.study = k.study
WHERE i.state = 'Success' AND k.closed = 0
UNION ALL
SELECT study, destination, instance, item, completed, class, dimse_status, size_bytes, sop_instance_uid, confirmation
FROM past_item
WHERE state = 'Success';

CREATE VIEW failure_told AS
SELECT i.id, i.completed AS time, i.id || '.' || i.attempt_count || '.' || i.completed AS name, i.study, i.instance,
    d.name AS destination,
    json_object('item', i.id, 'series', i.series, 'uid', i.sop_instance_uid, 'size', i.size_bytes,
        'attempts', i.attempt_count, 'class', i.class, 'status', i.dimse_status) AS data
FROM item i JOIN destination d ON d.id = i.destination;

CREATE VIEW held_back AS
SELECT s.item
FROM suspect s
WHERE s.way = 'Aside' OR (s.way = 'Single' AND EXISTS (
    SELECT 1 FROM suspect o CROSS JOIN item r ON r.id = o.item
    WHERE o.way = 'Single' AND r.state = 'Running'));

CREATE VIEW item_full AS
SELECT i.id, i.instance, i.sop_instance_uid, i.series, i.study, i.patient,
       d.name AS destination, i.rule, i.remote_aet, i.state, i.priority, i.attempt_count,
       i.created, coalesce(i.next_attempt, h.due) AS next_attempt, i.completed, i.class,
       i.dimse_status, i.details, i.size_bytes, i.confirmation
FROM item i
JOIN destination d ON d.id = i.destination
LEFT JOIN hold h ON i.state = 'Scheduled' AND h.destination = i.destination AND h.grp = i.grp;

CREATE VIEW leaving AS
SELECT i.id, k.id AS study, i.destination, i.instance, i.id AS item, i.state, i.class, i.dimse_status, i.completed,
       i.size_bytes, i.sop_instance_uid,
       (SELECT sent_as FROM attempt a WHERE a.item = i.id AND a.destination = i.destination
        ORDER BY number DESC LIMIT 1) AS sent_as,
       i.file, i.digest, i.repeated, i.confirmation, i.altered
FROM item i JOIN known_study k ON k.study = i.study AND k.closed = 0
WHERE i.state = 'Success' OR i.touched = 1;

CREATE VIEW unfinished AS
SELECT id, patient, study FROM item
WHERE state NOT IN ('Success', 'Cancelled')
   OR (state = 'Success' AND confirmation IN ('Waiting', 'Refused', 'TimedOut'));
