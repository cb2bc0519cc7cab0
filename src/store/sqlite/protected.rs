//! Patients that are protected in Orthanc while something of them is still to be sent.

use rusqlite::{OptionalExtension, params};

use super::{SqliteStore, sql};
use crate::store::{Protected, Protections, Result, Unsent};

impl Protections for SqliteStore {
    fn unsent(&self, after: i64, limit: u32) -> Result<(Vec<Unsent>, i64)> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let last: Option<i64> = tx
            .prepare_cached(sql::UNSENT_LAST)?
            .query_row(params![after, limit], |row| row.get(0))
            .optional()?
            .flatten();
        let Some(last) = last else {
            return Ok((Vec::new(), 0));
        };
        let mut unsent = tx.prepare_cached(sql::UNSENT)?;
        let unsent = unsent.query_map([after, last], |row| {
            Ok(Unsent {
                patient: row.get(0)?,
                study: row.get(1)?,
            })
        })?;
        Ok((unsent.collect::<rusqlite::Result<_>>()?, last))
    }

    fn is_protected(&self, patient: &str) -> Result<bool> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        Ok(tx.prepare_cached(sql::PROTECTED_IS)?.exists([patient])?)
    }

    fn protect(&self, unsent: &[Unsent]) -> Result<()> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            for one in unsent {
                tx.prepare_cached(sql::PROTECTED_ADD)?
                    .execute([&one.patient, &one.study])?;
            }
            tx.commit()?;
            Ok(())
        })?;
        // A power cut must not leave somebody protected in Orthanc of whom nothing is on record.
        self.told(self.disk.sync())
    }

    fn protected(&self, after: &str, limit: u32) -> Result<Vec<Protected>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut patients = tx.prepare_cached(sql::PROTECTED_LIST)?;
        let patients = patients.query_map(params![after, limit], |row| {
            Ok(Protected {
                patient: row.get(0)?,
                is_needed: row.get(1)?,
            })
        })?;
        Ok(patients.collect::<rusqlite::Result<_>>()?)
    }

    fn unprotect(&self, patient: &str) -> Result<()> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            tx.prepare_cached(sql::PROTECTED_REMOVE)?
                .execute([patient])?;
            tx.commit()?;
            Ok(())
        })
    }
}
