-- Version 3: lists by DIMSE status in the order of id.
--
-- Frozen once released: a change of the schema is a new file with the next number.

-- Not on the way of an item that is simply delivered.
CREATE INDEX item_outcome ON item (class, dimse_status, destination, state)
    WHERE class <> 'Success';

-- Deliveries whose status is not known: those that Orthanc made for us.
CREATE INDEX item_success_untold ON item (class)
    WHERE class = 'Success' AND dimse_status IS NULL;
