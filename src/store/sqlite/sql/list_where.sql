
  AND id > :since
  AND (:destination IS NULL OR +destination = :destination)
  AND (:state IS NULL OR +state = :state)
  AND (:study IS NULL OR +study = :study)
  AND (:instance IS NULL OR +instance = :instance)
  AND (:class IS NULL OR +class = :class)
  AND (:completed_before IS NULL OR +completed < :completed_before)
ORDER BY id
LIMIT :limit
