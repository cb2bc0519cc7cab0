WHERE l.id = ?1 AND l.instances IS NOT 0
