-- Events: what other systems are told of. As long as nobody is told of a kind (announced), nothing is written of it.

-- What is told of, and how long nothing must have happened to a study.
CREATE TABLE announced (
    kind  TEXT PRIMARY KEY,
    quiet INTEGER NOT NULL CHECK (quiet >= 0)
) STRICT, WITHOUT ROWID;

-- In the order in which it happened; readers go by the number, so AUTOINCREMENT.
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

-- Who has read up to where. 'whole': up to there the rows have all that is told.
CREATE TABLE outbox_reader (
    name TEXT PRIMARY KEY,
    seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO outbox_reader (name, seen) VALUES ('whole', 0);

-- Studies to which something happens: at no destination (0) an instance was stored, at one it was delivered.
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

CREATE INDEX outbox_study_due ON outbox_study (due) WHERE due IS NOT NULL;
CREATE INDEX outbox_study_changed ON outbox_study (changed);

-- An attempt is written once its item has the state that follows.
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

-- What is told of an item that has failed, also of one that was made so.
CREATE VIEW failure_told AS
SELECT i.id, i.completed AS time, i.id || '.' || i.attempt_count || '.' || i.completed AS name, i.study, i.instance,
    d.name AS destination,
    json_object('item', i.id, 'series', i.series, 'uid', i.sop_instance_uid, 'size', i.size_bytes,
        'attempts', i.attempt_count, 'class', i.class, 'status', i.dimse_status) AS data
FROM item i JOIN destination d ON d.id = i.destination;

CREATE TRIGGER item_failed_announced AFTER UPDATE OF state ON item
WHEN NEW.state = 'Failure' AND OLD.state <> 'Failure'
    AND (SELECT true FROM announced WHERE kind = 'instance.failed') BEGIN
    INSERT INTO outbox (kind, time, name, study, instance, destination, data)
    SELECT 'instance.failed', time, name, study, instance, destination, data FROM failure_told WHERE id = NEW.id;
END;

CREATE TRIGGER item_made_failed_announced AFTER INSERT ON item
WHEN NEW.state = 'Failure' AND (SELECT true FROM announced WHERE kind = 'instance.failed') BEGIN
    INSERT INTO outbox (kind, time, name, study, instance, destination, data)
    SELECT 'instance.failed', time, name, study, instance, destination, data FROM failure_told WHERE id = NEW.id;
END;

-- What kept a study from being delivered there may be gone now.
CREATE TRIGGER item_gone_of_study AFTER DELETE ON item
WHEN (OLD.state NOT IN ('Success', 'Cancelled') OR OLD.confirmation IN ('Refused', 'TimedOut'))
    AND (SELECT true FROM announced WHERE kind = 'study.delivered') BEGIN
    UPDATE outbox_study SET due = changed
    WHERE study = OLD.study AND destination = OLD.destination AND due IS NULL AND untold = 1;
END;

CREATE TRIGGER item_elsewhere_of_study AFTER UPDATE OF destination ON item
WHEN NEW.destination <> OLD.destination AND (SELECT true FROM announced WHERE kind = 'study.delivered') BEGIN
    UPDATE outbox_study SET due = changed
    WHERE study = OLD.study AND destination = OLD.destination AND due IS NULL AND untold = 1;
END;

CREATE TRIGGER item_confirmed_of_study AFTER UPDATE OF confirmation ON item
WHEN OLD.confirmation IN ('Refused', 'TimedOut') AND (SELECT true FROM announced WHERE kind = 'study.delivered') BEGIN
    UPDATE outbox_study SET due = changed
    WHERE study = NEW.study AND destination = NEW.destination AND due IS NULL AND untold = 1;
END;
