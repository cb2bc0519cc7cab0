//! replay, cancel, send-now, prioritize, redirect, remove; pausing. What a person does to one item or destination.

use rusqlite::{Connection, params};

use super::chronicle::{Noted, done, note_items, note_outage, note_return, note_with};
use super::enqueue::destination_id;
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Event, Item, Priority, Timestamp};
use crate::store::{Asker, Entry, LastError, Moved, Operation, Outage, Result};

/// How an operation is to be written.
pub struct Terms<'a> {
    pub now: Timestamp,
    /// The new expiry of what is replayed or redirected, by its destination.
    pub expires: &'a dyn Fn(&str) -> Option<Timestamp>,
}

/// Moves one item, if its state allows it.
pub fn operate(pool: &Pool, id: i64, operation: &Operation, terms: &Terms<'_>) -> Result<Moved> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let Some(before) = row::read_item(&tx, id)? else {
        return Ok(Moved::Unknown);
    };
    if before.state.after(operation.verb()).is_none() {
        return Ok(Moved::Refused(before.state));
    }
    let was = before.destination.clone();
    change(&tx, &before, operation, terms)?;
    let after: Item = row::read_item(&tx, id)?.unwrap_or(before);
    let done = done(operation, operation.event(), Some(&was), 1);
    note_items(&tx, Noted::Too, done)?;
    tx.commit()?;
    Ok(Moved::Done(after))
}

/// Writes what an operation makes of an item whose state allows it.
pub fn change(
    tx: &Connection,
    item: &Item,
    operation: &Operation,
    terms: &Terms<'_>,
) -> Result<()> {
    let id = item.id;
    match operation {
        Operation::Replay => {
            let expires = (terms.expires)(&item.destination);
            tx.prepare_cached(sql::REPLAY)?
                .execute(params![id, expires])?
        }
        Operation::Cancel => tx
            .prepare_cached(sql::CANCEL)?
            .execute(params![id, terms.now])?,
        Operation::SendNow => tx.prepare_cached(sql::SEND_NOW)?.execute([id])?,
        Operation::Promote => tx.prepare_cached(sql::PROMOTE_ONE)?.execute([id])?,
        Operation::Prioritize(priority) => return prioritize(tx, id, *priority),
        Operation::Redirect { to } => {
            let (expires, to) = ((terms.expires)(to), destination_id(tx, to)?);
            tx.prepare_cached(sql::REDIRECT)?
                .execute(params![id, expires, to])?
        }
        Operation::Remove => tx.prepare_cached(sql::REMOVE)?.execute([id])?,
    };
    Ok(())
}

/// Of an item that waits.
pub fn prioritize(tx: &Connection, id: i64, priority: Priority) -> Result<()> {
    tx.prepare_cached(sql::PRIORITIZE)?
        .execute(params![id, priority])?;
    if priority == Priority::Stat {
        tx.prepare_cached(sql::PRIORITIZE_READY)?.execute([id])?;
    }
    Ok(())
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

/// A small write that is committed: a transaction that is rolled back would never reach the disk,
/// and so find neither a full one nor one that became read-only. It takes the same lock, log and
/// space as any other write; it waits for at most the busy timeout.
pub fn check_writable(pool: &Pool) -> Result<()> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    tx.prepare_cached(sql::CHECK_WRITABLE)?.execute([])?;
    tx.commit()?;
    Ok(())
}
