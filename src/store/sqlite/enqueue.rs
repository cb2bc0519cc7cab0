//! enqueue: arrivals and requests become items; the cursor moves with them.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::pool::Pool;
use super::{row, sql};
use crate::item::{State, Timestamp};
use crate::store::{Cursor, Duplicates, Enqueued, NewItem, Result};

/// A quiet period that this call begins or lengthens.
struct Hold {
    due: Timestamp,
    /// Whether an item was made that waits for it.
    begins: bool,
}

pub fn enqueue(
    pool: &Pool,
    items: &[NewItem],
    duplicates: Duplicates,
    cursor: Option<&Cursor>,
    now: Timestamp,
) -> Result<Enqueued> {
    let mut answer = Enqueued::default();
    if items.is_empty() && cursor.is_none() {
        return Ok(answer);
    }
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let mut destinations: HashMap<&str, i64> = HashMap::new();
    let mut holds: HashMap<(i64, &str), Hold> = HashMap::new();
    for item in items {
        let destination = match destinations.get(item.destination.as_str()) {
            Some(id) => *id,
            None => {
                let id = destination_id(&tx, &item.destination)?;
                destinations.insert(&item.destination, id);
                id
            }
        };
        let queued = is_queued(&tx, item, destination, duplicates)?;
        if queued {
            answer.already_queued += 1;
        } else {
            insert(&tx, item, destination, now)?;
            answer.enqueued += 1;
        }
        if let (Some(due), Some(group), None) = (item.not_before, group(item), &item.failed) {
            let hold = holds
                .entry((destination, group))
                .or_insert(Hold { due, begins: false });
            hold.due = due;
            hold.begins |= !queued;
        }
    }
    for ((destination, group), hold) in holds {
        let statement = if hold.begins {
            sql::ENQUEUE_HOLD
        } else {
            sql::ENQUEUE_EXTEND_HOLD
        };
        tx.prepare_cached(statement)?
            .execute(params![destination, group, hold.due])?;
    }
    if let Some(cursor) = cursor {
        tx.prepare_cached(sql::CURSOR_WRITE)?
            .execute(params![cursor.seq, cursor.date])?;
    }
    tx.commit()?;
    Ok(answer)
}

/// What `enqueue` would answer, with nothing changed.
pub fn count_new(pool: &Pool, items: &[NewItem], duplicates: Duplicates) -> Result<Enqueued> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut answer = Enqueued::default();
    // Waiting items that the ones before would have made.
    let mut made: HashSet<(&str, &str)> = HashSet::new();
    for item in items {
        let pair = (item.instance.as_str(), item.destination.as_str());
        let queued = made.contains(&pair)
            || match find_destination(&tx, &item.destination)? {
                Some(destination) => !open_ones(&tx, item, destination, duplicates)?.is_empty(),
                None => false,
            };
        if !queued && (item.failed.is_none()) {
            made.insert(pair);
        }
        if queued {
            answer.already_queued += 1;
        } else {
            answer.enqueued += 1;
        }
    }
    Ok(answer)
}

/// An item that is a group of its own has none in the database: an index of groups would then be one
/// of instances, with a random page for each item.
fn group(item: &NewItem) -> Option<&str> {
    (item.group != item.instance).then_some(item.group.as_str())
}

/// Whether an item of this pair makes another one needless; its quiet period begins anew.
fn is_queued(
    conn: &Connection,
    item: &NewItem,
    destination: i64,
    duplicates: Duplicates,
) -> Result<bool> {
    let open = open_ones(conn, item, destination, duplicates)?;
    for one in &open {
        if let (State::Scheduled, true, Some(due), None) =
            (one.state, one.alone, item.not_before, &item.failed)
        {
            conn.prepare_cached(sql::ENQUEUE_EXTEND_ITEM)?
                .execute(params![one.id, due])?;
        }
    }
    Ok(!open.is_empty())
}

/// An item of the same pair that makes another one needless.
struct OpenOne {
    id: i64,
    state: State,
    alone: bool,
}

fn open_ones(
    conn: &Connection,
    item: &NewItem,
    destination: i64,
    duplicates: Duplicates,
) -> Result<Vec<OpenOne>> {
    let mut find = conn.prepare_cached(sql::ENQUEUE_FIND)?;
    let mut found = find.query(params![item.study, item.instance, destination])?;
    let mut open = Vec::new();
    while let Some(row) = found.next()? {
        let state: State = row.get(1)?;
        let needless = match duplicates {
            Duplicates::Arrival => state.is_waiting(),
            Duplicates::Request => true,
        };
        if needless {
            open.push(OpenOne {
                id: row.get(0)?,
                state,
                alone: row.get(2)?,
            });
        }
    }
    Ok(open)
}

fn insert(conn: &Connection, item: &NewItem, destination: i64, now: Timestamp) -> Result<()> {
    let group = group(item);
    let failed = item.failed.as_ref();
    let state = match (failed, item.not_before) {
        (Some(_), _) => State::Failure,
        (None, Some(_)) => State::Scheduled,
        (None, None) => State::Pending,
    };
    let own_due = match state {
        State::Scheduled if group.is_none() => item.not_before,
        _ => None,
    };
    conn.prepare_cached(sql::ENQUEUE_INSERT)?.execute(params![
        destination,
        state,
        item.priority,
        group,
        now,
        own_due,
        item.expires,
        failed.map(|_| now),
        failed.map(|outcome| outcome.class),
        failed.and_then(|outcome| outcome.dimse_status),
        failed.map(|outcome| row::details(&outcome.details)),
        row::size(item.size_bytes),
        item.instance,
        item.study,
        item.series,
        item.patient,
        item.sop_instance_uid,
        item.rule,
        item.remote_aet,
    ])?;
    Ok(())
}

pub fn cursor(pool: &Pool) -> Result<Option<Cursor>> {
    let mut reader = pool.reader()?;
    let cursor = reader
        .snapshot()?
        .prepare_cached(sql::CURSOR_READ)?
        .query_row([], |row| {
            Ok(Cursor {
                seq: row.get(0)?,
                date: row.get(1)?,
            })
        })
        .optional()?;
    Ok(cursor)
}

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
