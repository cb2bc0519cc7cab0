SELECT seq, last, first_seen FROM gap ORDER BY seq
