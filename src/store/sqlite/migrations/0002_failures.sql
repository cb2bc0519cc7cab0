-- The error queue by kind: how many items are in it, and how many ever came into it. Kept by triggers that look at
-- nothing else, so that a delivery costs what it did.
CREATE TABLE failure (
    destination  INTEGER NOT NULL REFERENCES destination (id),
    class        TEXT NOT NULL,
    -- -1: none, since a primary key takes no NULL.
    dimse_status INTEGER NOT NULL CHECK (dimse_status BETWEEN -1 AND 65535),
    items        INTEGER NOT NULL CHECK (items >= 0),
    total        INTEGER NOT NULL CHECK (total >= items),
    PRIMARY KEY (destination, class, dimse_status)
) STRICT, WITHOUT ROWID;

INSERT INTO failure (destination, class, dimse_status, items, total)
SELECT destination, class, coalesce(dimse_status, -1), count(*), count(*)
FROM item WHERE state = 'Failure'
GROUP BY destination, class, coalesce(dimse_status, -1);

CREATE TRIGGER failure_made AFTER INSERT ON item
WHEN NEW.state = 'Failure' BEGIN
    INSERT INTO failure (destination, class, dimse_status, items, total)
    VALUES (NEW.destination, NEW.class, coalesce(NEW.dimse_status, -1), 1, 1)
    ON CONFLICT DO UPDATE SET items = items + 1, total = total + 1;
END;

CREATE TRIGGER failure_entered AFTER UPDATE OF state ON item
WHEN NEW.state = 'Failure' AND OLD.state <> 'Failure' BEGIN
    INSERT INTO failure (destination, class, dimse_status, items, total)
    VALUES (NEW.destination, NEW.class, coalesce(NEW.dimse_status, -1), 1, 1)
    ON CONFLICT DO UPDATE SET items = items + 1, total = total + 1;
END;

CREATE TRIGGER failure_left AFTER UPDATE OF state ON item
WHEN OLD.state = 'Failure' AND NEW.state <> 'Failure' BEGIN
    UPDATE failure SET items = items - 1
    WHERE destination = OLD.destination AND class = OLD.class
      AND dimse_status = coalesce(OLD.dimse_status, -1);
END;

CREATE TRIGGER failure_removed AFTER DELETE ON item
WHEN OLD.state = 'Failure' BEGIN
    UPDATE failure SET items = items - 1
    WHERE destination = OLD.destination AND class = OLD.class
      AND dimse_status = coalesce(OLD.dimse_status, -1);
END;

-- The pages of a kind, in the order of id.
CREATE INDEX item_failure_kind ON item (destination, class, dimse_status)
    WHERE state = 'Failure';
