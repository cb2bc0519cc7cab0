//! The clock's stored reading, and what a wrong one had made expire.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::chronicle::{Noted, note_with};
use super::pool::Pool;
use super::sql;
use crate::item::{Ahead, Event, Reading, Timestamp};
use crate::store::{Entry, Result};

const OWN: &str = "clock_own";
const AHEAD: &str = "clock_ahead";

pub fn reading(pool: &Pool) -> Result<Option<Reading>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut value = tx.prepare_cached(sql::CLOCK_READ)?;
    let own: Option<i64> = value.query_row([OWN], |row| row.get(0)).optional()?;
    let ahead: Option<i64> = value.query_row([AHEAD], |row| row.get(0)).optional()?;
    Ok(own.zip(ahead).map(|(own, ahead)| Reading {
        own: Timestamp::from_micros(own),
        ahead: Ahead::from_micros(ahead),
    }))
}

pub fn set_reading(pool: &Pool, reading: Reading) -> Result<()> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    {
        let mut write = tx.prepare_cached(sql::CLOCK_WRITE)?;
        write.execute(params![OWN, reading.own])?;
        write.execute(params![AHEAD, reading.ahead.micros()])?;
    }
    tx.commit()?;
    Ok(())
}

/// One transaction, since what was given more time would get it twice otherwise. So it may hold the writer for some
/// time, once.
pub fn pardon(
    pool: &Pool,
    start: Timestamp,
    over: Duration,
    now: Timestamp,
    noted: Noted,
) -> Result<u64> {
    let over = i64::try_from(over.as_micros()).unwrap_or(i64::MAX);
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    // First those that wait: what comes back has more time already.
    tx.prepare_cached(sql::PARDON_WAITING)?
        .execute(params![start, over])?;
    let back = tx
        .prepare_cached(sql::PARDON_EXPIRED)?
        .execute(params![start, over, now])?;
    if back > 0 {
        let entry = Entry {
            count: Some(back as u64),
            ..Entry::new(Event::Pardoned, now)
        };
        note_with(&tx, noted, &entry)?;
    }
    tx.commit()?;
    Ok(back as u64)
}
