SELECT job FROM hand WHERE job IS NOT NULL AND (claim >> 32 <= ?1 OR claim >> 32 = ?2) ORDER BY claim
