UPDATE item SET confirmation = ?2, details = coalesce(?3, details) WHERE id = ?1 AND state = 'Success'
