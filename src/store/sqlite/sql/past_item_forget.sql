DELETE FROM past_item WHERE study = ?1
