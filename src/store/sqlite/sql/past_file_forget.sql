DELETE FROM past_file WHERE study = ?1
