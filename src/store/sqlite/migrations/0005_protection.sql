-- Version 5: patients are protected in Orthanc while something of them is still to be sent.

CREATE TABLE protected (
    patient TEXT NOT NULL,
    study   TEXT NOT NULL,
    PRIMARY KEY (patient, study)
) STRICT, WITHOUT ROWID;
