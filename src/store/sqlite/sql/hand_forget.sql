DELETE FROM hand WHERE claim >> 40 IN (SELECT value FROM json_each(?1))
