FROM failure f
JOIN destination d ON d.id = f.destination
WHERE f.items > 0
  AND (?1 IS NULL OR d.name = ?1)
  AND (?2 IS NULL OR f.class = ?2)
  AND (?3 IS NULL OR f.dimse_status = ?3)
ORDER BY d.name, f.class, f.dimse_status
