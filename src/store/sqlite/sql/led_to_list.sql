SELECT destination, address, since FROM led_to ORDER BY id
