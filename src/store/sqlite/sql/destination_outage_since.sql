SELECT outage_since FROM destination WHERE id = ?1
