SELECT destination, coalesce(until, 9223372036854775807) FROM altering
