INSERT INTO hand (claim, first_place, first_item, last_place, last_item, job)
SELECT ?1, f.place, f.id, l.place, l.id, ?4 FROM item f, item l WHERE f.id = ?2 AND l.id = ?3
ON CONFLICT (claim) DO UPDATE
SET first_place = excluded.first_place, first_item = excluded.first_item,
    last_place = excluded.last_place, last_item = excluded.last_item, job = excluded.job
