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
