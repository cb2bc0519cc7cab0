-- Counted by triggers; the times and the example are one probe of an index each. The same cost whatever is in the
-- queue.
SELECT d.name, f.class, nullif(f.dimse_status, -1), f.items,
       (SELECT i.completed FROM item i INDEXED BY item_failure
        WHERE i.state = 'Failure' AND i.destination = f.destination AND i.class = f.class
          AND i.dimse_status IS nullif(f.dimse_status, -1)
        ORDER BY i.completed LIMIT 1),
       (SELECT i.completed FROM item i INDEXED BY item_failure
        WHERE i.state = 'Failure' AND i.destination = f.destination AND i.class = f.class
          AND i.dimse_status IS nullif(f.dimse_status, -1)
        ORDER BY i.completed DESC LIMIT 1),
       coalesce((
        SELECT i.details FROM item i INDEXED BY item_failure
        WHERE i.state = 'Failure' AND i.destination = f.destination AND i.class = f.class
          AND i.dimse_status IS nullif(f.dimse_status, -1)
        ORDER BY i.completed DESC, i.id DESC LIMIT 1), '')
