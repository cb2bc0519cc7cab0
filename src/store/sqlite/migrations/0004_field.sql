-- Version 4.
--
-- Frozen once released: a change of the schema is a new file with the next number.

-- What of a claim is in hand, where it is not what comes first in it: all that Orthanc was given as one job, with the
-- job's identifier as soon as it is known. One row for each claim that is sent so, and none for one that is sent natively.
CREATE TABLE hand (
    claim      INTEGER PRIMARY KEY,
    -- Identifiers of items, both included.
    first_item INTEGER NOT NULL,
    last_item  INTEGER NOT NULL CHECK (last_item >= first_item),
    job        TEXT
) STRICT;

-- Items that were in hand when the process ended suddenly, until they have a result.
CREATE TABLE suspect (
    item   INTEGER PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE,
    -- Sudden ends, one after the other, with it in hand.
    seen   INTEGER NOT NULL CHECK (seen >= 1),
    -- Those that may be its doing: nothing else had come to a result since the start, or it was sent alone.
    blamed INTEGER NOT NULL CHECK (blamed >= 0),
    -- How it goes: as ever, not beside another suspect, or behind all others and alone.
    way    TEXT NOT NULL CHECK (way IN ('Any', 'Single', 'Aside'))
) STRICT;

CREATE TRIGGER suspect_cleared AFTER UPDATE OF state ON item
WHEN NEW.state IN ('Retry', 'Success', 'Failure', 'Cancelled') BEGIN
    DELETE FROM suspect WHERE item = NEW.id;
END;

-- Suspects that are not to be claimed now.
CREATE VIEW held_back AS
SELECT s.item
FROM suspect s
WHERE s.way = 'Aside' OR (s.way = 'Single' AND EXISTS (
    SELECT 1 FROM suspect o CROSS JOIN item r ON r.id = o.item
    WHERE o.way = 'Single' AND r.state = 'Running'));

INSERT INTO meta (key, value) VALUES ('stopped_well', 1), ('any_result', 0);

-- Which reception of its instance an item is of (store::Reception): the file that Orthanc stored, a digest of it where it was
-- asked for, and when Orthanc told that it received the instance again without storing it.
ALTER TABLE item ADD COLUMN file TEXT;
ALTER TABLE item ADD COLUMN digest TEXT;
ALTER TABLE item ADD COLUMN repeated INTEGER;

-- Numbers of Orthanc's changes below the cursor, seq to last, of which no line was seen: their lines may still appear.
CREATE TABLE gap (
    seq        INTEGER PRIMARY KEY,
    last       INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    CHECK (last >= seq)
) STRICT;
