SELECT min(expires) FROM item INDEXED BY item_expires
WHERE expires IS NOT NULL AND state IN ('Scheduled', 'Pending', 'Retry')
