DELETE FROM item
WHERE id IN (
    SELECT id FROM item INDEXED BY item_prunable
    WHERE (confirmation IS 'Waiting') = 0 AND completed < ?1 AND state IN ('Success', 'Cancelled')
    ORDER BY completed
    LIMIT ?2)
