-- Along the primary key; an instance without its study is looked for like this.
SELECT id FROM item NOT INDEXED
WHERE 1
