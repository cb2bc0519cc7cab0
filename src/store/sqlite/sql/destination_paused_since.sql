SELECT paused_since FROM destination WHERE id = ?1
