//! How what is sent would come back.

use std::sync::atomic::Ordering::Relaxed;

use rusqlite::{Connection, OptionalExtension, params};

use super::pool::Pool;
use super::{SqliteStore, sql};
use crate::item::Timestamp;
use crate::store::{Outputs, Result};

/// Whether any output was ever remembered. At the start.
pub fn any(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row(sql::OUTPUT_ANY, [], |row| row.get(0))?)
}

fn known(conn: &Connection, sent_study: &str, study: &str) -> Result<Option<i64>> {
    let mut read = conn.prepare_cached(sql::OUTPUT_OF)?;
    let id = read.query_row([sent_study, study], |row| row.get(0));
    Ok(id.optional()?)
}

fn remember(
    pool: &Pool,
    sent_study: &str,
    study: &str,
    renamed: Option<&str>,
    now: Timestamp,
    is_new: &dyn Fn(),
) -> Result<()> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    if known(&tx, sent_study, study)?.is_none() {
        tx.prepare_cached(sql::OUTPUT_ADD)?
            .execute(params![sent_study, study, now])?;
        is_new();
    }
    if let Some(uid) = renamed {
        tx.prepare_cached(sql::OUTPUT_RENAMED)?
            .execute([sent_study, study, uid])?;
    }
    pool.outputs.store(true, Relaxed);
    Ok(tx.commit()?)
}

impl Outputs for SqliteStore {
    fn remember_output(
        &self,
        sent_study: &str,
        study: &str,
        renamed: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        if sent_study == study && renamed.is_none() {
            return Ok(());
        }
        let is_known = || -> Result<bool> {
            let mut reader = self.pool.reader()?;
            let tx = reader.snapshot()?;
            Ok(known(&tx, sent_study, study)?.is_some())
        };
        if renamed.is_some() || !is_known()? {
            let is_new = || self.settled.writes();
            self.write(|| remember(&self.pool, sent_study, study, renamed, now, &is_new))?;
        }
        self.settle()
    }

    fn own_outputs(&self, arrivals: &[(&str, &str)]) -> Result<Vec<bool>> {
        if !self.pool.outputs.load(Relaxed) || arrivals.is_empty() {
            return Ok(vec![false; arrivals.len()]);
        }
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut read = tx.prepare_cached(sql::OUTPUT_IS)?;
        let one = |(study, uid): &(&str, &str)| read.query_row([study, uid], |row| row.get(0));
        let found = arrivals.iter().map(one);
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}
