UPDATE owner SET ended_well = 1 WHERE id = ?1
