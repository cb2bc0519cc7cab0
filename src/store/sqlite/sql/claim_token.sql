-- Never given out twice, over restarts too. Nothing, if what the owner had was given back.
UPDATE owner SET claims = claims + 1 WHERE id = ?1 RETURNING (id << 40) + claims
