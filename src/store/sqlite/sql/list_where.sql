
  AND id > :above
  AND id < :below
  AND (:destination IS NULL OR +destination = :destination)
  AND (:states IS NULL OR instr(:states, state))
  AND (:study IS NULL OR +study = :study)
  AND (:instance IS NULL OR +instance = :instance)
  AND (:rule IS NULL OR +rule = :rule)
  AND (:class IS NULL OR +class = :class)
  AND (:any_status OR +dimse_status IS :status)
  AND (:any_confirmation OR +confirmation IS :confirmation)
  AND (:created_before IS NULL OR +created < :created_before)
  AND (:created_after IS NULL OR +created >= :created_after)
  AND (:completed_before IS NULL OR +completed < :completed_before)
  AND (:except_destination IS NULL OR +destination <> :except_destination)
  AND (:except_priority IS NULL OR +priority <> :except_priority)
