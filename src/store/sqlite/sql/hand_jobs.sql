SELECT job FROM hand WHERE job IS NOT NULL AND (claim >> 40 <= ?1 OR claim >> 40 = ?2) ORDER BY claim
