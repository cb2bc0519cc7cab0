SELECT confirmation, items FROM confirming WHERE destination = ?1
