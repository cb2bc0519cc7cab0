SELECT destination, last FROM delivered WHERE study = ?1
