SELECT seq, date FROM cursor WHERE only = 1
