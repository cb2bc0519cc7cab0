SELECT destination, grp FROM hold WHERE due <= ?1 ORDER BY due LIMIT ?2
