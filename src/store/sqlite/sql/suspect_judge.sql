UPDATE suspect
SET way = CASE
    WHEN way = 'Aside' OR blamed >= ?1 OR seen >= ?2 THEN 'Aside'
    WHEN blamed > 0 THEN 'Single'
    ELSE 'Any'
END
