DELETE FROM hand WHERE claim >> 32 IN (SELECT value FROM json_each(?1))
