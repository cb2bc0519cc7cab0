SELECT destination, class, nullif(dimse_status, -1) FROM failure
WHERE items > 0 AND (:destination IS NULL OR destination = :destination)
  AND (:class IS NULL OR class = :class)
  AND (:any_status OR dimse_status = coalesce(:status, -1))
