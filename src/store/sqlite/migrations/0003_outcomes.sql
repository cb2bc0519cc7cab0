-- Version 3: lists by class and by DIMSE status in the order of id.
--
-- Frozen once released: a change of the schema is a new file with the next number.

-- Not on the way of an item that is simply delivered.
DROP INDEX item_class;
CREATE INDEX item_class ON item (class, destination, state)
    WHERE class <> 'Success';
CREATE INDEX item_outcome ON item (class, dimse_status, destination, state)
    WHERE class <> 'Success';

-- Deliveries whose status is not known: those that Orthanc made for us.
CREATE INDEX item_success_untold ON item (destination)
    WHERE class = 'Success' AND dimse_status IS NULL;
