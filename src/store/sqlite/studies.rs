//! The studies that rules take whole.

use rusqlite::{Connection, Params, Row, params};

use super::{SqliteStore, sql};
use crate::item::Timestamp;
use crate::store::{Result, Studies, TakenStudy};

/// In the transaction that makes the items of the instance that matched.
pub fn take(tx: &Connection, studies: &[TakenStudy], now: Timestamp) -> Result<()> {
    for one in studies {
        tx.prepare_cached(sql::TAKEN_ADD)?
            .execute(params![one.study, one.rule, now])?;
    }
    Ok(())
}

impl Studies for SqliteStore {
    fn taken(&self, studies: &[&str]) -> Result<Vec<TakenStudy>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut taken = Vec::new();
        for study in studies {
            taken.extend(read(&tx, sql::TAKEN_OF, [study])?);
        }
        Ok(taken)
    }

    fn owed(&self, rules: &[&str], limit: u32) -> Result<Vec<TakenStudy>> {
        let rules = serde_json::Value::from(rules).to_string();
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        read(&tx, sql::TAKEN_OWED, params![rules, limit])
    }

    fn looked_back(&self, studies: &[TakenStudy]) -> Result<()> {
        self.write(|| each(self, sql::TAKEN_PAID, studies))
    }

    fn taken_after(&self, last: &TakenStudy, limit: u32) -> Result<Vec<(TakenStudy, Timestamp)>> {
        let from = params![last.study, last.rule, limit];
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        read_as(&tx, sql::TAKEN_AFTER, from, |row| {
            Ok((study(row)?, row.get(2)?))
        })
    }

    fn forget(&self, studies: &[TakenStudy]) -> Result<()> {
        self.write(|| each(self, sql::TAKEN_FORGET, studies))
    }

    fn arrived(&self, study: &str, instance: &str) -> Result<Option<Timestamp>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut read = tx.prepare_cached(sql::ARRIVED)?;
        Ok(read.query_row([study, instance], |row| row.get(0))?)
    }
}

fn study(row: &Row<'_>) -> rusqlite::Result<TakenStudy> {
    Ok(TakenStudy {
        study: row.get(0)?,
        rule: row.get(1)?,
    })
}

fn read(conn: &Connection, statement: &str, from: impl Params) -> Result<Vec<TakenStudy>> {
    read_as(conn, statement, from, study)
}

fn read_as<T>(
    conn: &Connection,
    statement: &str,
    from: impl Params,
    row: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut read = conn.prepare_cached(statement)?;
    let taken = read.query_map(from, row)?;
    Ok(taken.collect::<rusqlite::Result<_>>()?)
}

fn each(store: &SqliteStore, statement: &str, studies: &[TakenStudy]) -> Result<()> {
    let mut writer = store.pool.writer()?;
    let tx = writer.begin()?;
    for one in studies {
        tx.prepare_cached(statement)?
            .execute(params![one.study, one.rule])?;
    }
    Ok(tx.commit()?)
}
