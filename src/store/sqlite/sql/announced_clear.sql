DELETE FROM announced
