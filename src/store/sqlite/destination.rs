//! What is kept of a destination: its row, whether a person holds it, its outage, its last error.

use rusqlite::{Connection, OptionalExtension, params};

use super::chronicle::{Noted, note_outage, note_return, note_with};
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Event, Timestamp};
use crate::store::{Asker, Entry, LastError, Outage, Result};

pub fn find_destination(conn: &Connection, name: &str) -> Result<Option<i64>> {
    Ok(conn
        .prepare_cached(sql::DESTINATION_ID)?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// The destination's row, made if there is none; for use in a transaction.
pub fn destination_id(conn: &Connection, name: &str) -> Result<i64> {
    if let Some(id) = find_destination(conn, name)? {
        return Ok(id);
    }
    conn.prepare_cached(sql::DESTINATION_ADD)?.execute([name])?;
    Ok(conn.last_insert_rowid())
}

/// Writes to a destination's row, which is made if there is none.
fn to_destination(
    pool: &Pool,
    name: &str,
    change: impl FnOnce(&Connection, i64) -> Result<()>,
) -> Result<()> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let id = destination_id(&tx, name)?;
    change(&tx, id)?;
    tx.commit()?;
    Ok(())
}

pub fn set_paused(pool: &Pool, name: &str, paused: bool, now: Timestamp) -> Result<()> {
    to_destination(pool, name, |tx, id| {
        let before: Option<Timestamp> = tx
            .prepare_cached(sql::DESTINATION_PAUSED_SINCE)?
            .query_row([id], |row| row.get(0))?;
        if before.is_some() == paused {
            return Ok(());
        }
        let event = if paused {
            Event::Paused
        } else {
            Event::Resumed
        };
        let entry = Entry {
            destination: Some(name.to_owned()),
            user: Asker::current().and_then(|asker| asker.user),
            seconds: before.map(|since| now.since(since).as_secs()),
            ..Entry::new(event, now)
        };
        note_with(tx, Noted::Too, &entry)?;
        tx.prepare_cached(sql::DESTINATION_PAUSE)?
            .execute(params![id, paused, now])?;
        Ok(())
    })
}

pub fn set_last_error(pool: &Pool, name: &str, error: &LastError) -> Result<()> {
    to_destination(pool, name, |tx, id| write_last_error(tx, id, error))
}

/// `why`: what was met when it began.
pub fn set_outage(
    pool: &Pool,
    name: &str,
    outage: Option<&Outage>,
    why: &str,
    now: Timestamp,
    noted: Noted,
) -> Result<()> {
    to_destination(pool, name, |tx, id| {
        let before: Option<Timestamp> = tx
            .prepare_cached(sql::DESTINATION_OUTAGE_SINCE)?
            .query_row([id], |row| row.get(0))?;
        match (before, outage) {
            (None, Some(outage)) => note_outage(tx, noted, name, outage.since, why)?,
            (Some(since), None) => note_return(tx, noted, name, since, now)?,
            _ => {}
        }
        tx.prepare_cached(sql::DESTINATION_OUTAGE)?
            .execute(params![
                id,
                outage.map(|outage| outage.since),
                outage.map_or(0, |outage| outage.failures),
            ])?;
        Ok(())
    })
}

pub fn write_last_error(conn: &Connection, destination: i64, error: &LastError) -> Result<()> {
    conn.prepare_cached(sql::DESTINATION_ERROR)?
        .execute(params![
            destination,
            error.time,
            error.class,
            error.dimse_status,
            row::details(&error.details),
        ])?;
    Ok(())
}
