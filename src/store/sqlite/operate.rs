//! replay, cancel, send-now, promote, prioritize, redirect, remove: what a person does to one item.

use rusqlite::{Connection, params};

use super::chronicle::{Noted, Scope, done, note_items};
use super::destination::destination_id;
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Item, Priority, Timestamp};
use crate::store::{Moved, Operation, Result};

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
    note_items(&tx, Noted::Too, Scope::OneItem, done)?;
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
