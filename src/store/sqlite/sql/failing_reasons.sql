-- The reasons are those of the newest alone, and most of the cost.
     , (SELECT count(DISTINCT details) FROM (
        SELECT coalesce(i.details, '') AS details FROM item i INDEXED BY item_failure
        WHERE i.state = 'Failure' AND i.destination = f.destination AND i.class = f.class
          AND i.dimse_status IS nullif(f.dimse_status, -1)
        ORDER BY i.completed DESC, i.id DESC LIMIT ?4))
