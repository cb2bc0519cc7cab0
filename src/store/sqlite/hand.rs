//! What of the claims is in hand, where that is not what comes first in them.

use rusqlite::params;

use super::pool::Pool;
use super::sql;
use crate::store::{Hand, Result};

pub fn set(pool: &Pool, token: i64, hand: &Hand) -> Result<()> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    tx.prepare_cached(sql::HAND_SET)?
        .execute(params![token, hand.first, hand.last, hand.job])?;
    tx.commit()?;
    Ok(())
}

/// Those of processes that have ended, and of `own`.
pub fn jobs(pool: &Pool, own: Option<i64>) -> Result<Vec<String>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut jobs = tx.prepare_cached(sql::HAND_JOBS)?;
    let jobs = jobs
        .query_map(params![pool.ended, own], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(jobs)
}
