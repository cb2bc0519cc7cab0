//! What is decided once for a study, and serial numbers.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{SqliteStore, sql};
use crate::item::Timestamp;
use crate::store::{Decisions, Result, Serial, SerialLast, StoreError};

fn decided(conn: &Connection, recipe: &str, study_uid: &str) -> Result<BTreeMap<String, String>> {
    let mut read = conn.prepare_cached(sql::DECISION_OF)?;
    let rows = read.query_map([recipe, study_uid], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn number_of(conn: &Connection, name: &str, study_uid: &str) -> Result<Option<u64>> {
    let mut read = conn.prepare_cached(sql::SERIAL_OF)?;
    let number = read
        .query_row([name, study_uid], |row| number(row, 0))
        .optional()?;
    Ok(number)
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

/// SQLite's integers have a sign. A number above them is above all that was given.
fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl SqliteStore {
    fn look<T>(&self, read: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        let found = {
            let mut reader = self.pool.reader()?;
            let tx = reader.snapshot()?;
            read(&tx)?
        };
        self.settle()?;
        Ok(found)
    }

    /// A transaction that is on the disk when this returns.
    pub(super) fn settled<T>(&self, work: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        let done = self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            let done = work(&tx)?;
            self.settled.writes();
            tx.commit()?;
            Ok(done)
        })?;
        self.settle()?;
        Ok(done)
    }

    pub(super) fn settle(&self) -> Result<()> {
        self.told(self.settled.settle(&self.pool, &self.disk))
    }
}

impl Decisions for SqliteStore {
    fn decided(&self, recipe: &str, study_uid: &str) -> Result<BTreeMap<String, String>> {
        self.look(|conn| decided(conn, recipe, study_uid))
    }

    fn decide(
        &self,
        recipe: &str,
        study_uid: &str,
        found: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<BTreeMap<String, String>> {
        let known = self.decided(recipe, study_uid)?;
        if found.keys().all(|key| known.contains_key(key)) {
            return Ok(known);
        }
        self.settled(|tx| {
            for (key, value) in found {
                tx.prepare_cached(sql::DECISION_ADD)?
                    .execute(params![recipe, study_uid, key, value, now])?;
            }
            decided(tx, recipe, study_uid)
        })
    }

    fn serial(&self, name: &str, study_uid: &str) -> Result<Option<u64>> {
        self.look(|conn| number_of(conn, name, study_uid))
    }

    fn issue_serial(&self, name: &str, study_uid: &str, start: u64, now: Timestamp) -> Result<u64> {
        if let Some(number) = self.serial(name, study_uid)? {
            return Ok(number);
        }
        self.settled(|tx| {
            tx.prepare_cached(sql::SERIAL_ISSUE)?.execute(params![
                name,
                study_uid,
                bound(start.max(1)),
                now
            ])?;
            match number_of(tx, name, study_uid)? {
                Some(number) => Ok(number),
                None => Err(StoreError::Other("no serial number was given".into())),
            }
        })
    }

    fn serials(
        &self,
        name: &str,
        study_uid: Option<&str>,
        since: u64,
        limit: u32,
    ) -> Result<Vec<Serial>> {
        self.look(|conn| {
            let row = |row: &Row<'_>| {
                Ok(Serial {
                    number: number(row, 0)?,
                    study_uid: row.get(1)?,
                    given: row.get(2)?,
                })
            };
            let since = bound(since);
            let found: rusqlite::Result<Vec<Serial>> = match study_uid {
                Some(uid) => conn
                    .prepare_cached(sql::SERIAL_LIST_STUDY)?
                    .query_map(params![name, uid, since, limit], row)?
                    .collect(),
                None => conn
                    .prepare_cached(sql::SERIAL_LIST)?
                    .query_map(params![name, since, limit], row)?
                    .collect(),
            };
            Ok(found?)
        })
    }

    fn serial_names(&self) -> Result<Vec<SerialLast>> {
        self.look(|conn| {
            let mut read = conn.prepare_cached(sql::SERIAL_NAMES)?;
            let rows = read.query_map([], |row| {
                Ok(SerialLast {
                    name: row.get(0)?,
                    last: number(row, 1)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
