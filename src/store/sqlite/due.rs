//! promote, expire, prune: what time does to items, each in steps of at most `limit`.

use std::cell::Cell;
use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::destination::find_destination;
use super::pool::Pool;
use super::{list, sql};
use crate::item::{Class, State, Timestamp};
use crate::store::{Filter, Page, Result};

const EXPIRED: &str = "not sent within ExpireAfter";

pub fn next_due(pool: &Pool) -> Result<Option<Timestamp>> {
    let mut reader = pool.reader()?;
    let due = earliest(&*reader.snapshot()?, sql::NEXT_DUE)?;
    Ok(due)
}

pub fn group_due(pool: &Pool, destination: &str, group: &str) -> Result<Option<Timestamp>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let due = tx
        .prepare_cached(sql::GROUP_DUE)?
        .query_row([destination, group], |row| row.get(0))
        .optional()?;
    Ok(due)
}

/// The statement's only value; `None` where there is none.
fn earliest(conn: &Connection, sql: &str) -> Result<Option<Timestamp>> {
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Whether the earliest of an index is due: asked before a transaction is begun for nothing.
fn is_due(conn: &Connection, sql: &str, now: Timestamp) -> Result<bool> {
    Ok(earliest(conn, sql)?.is_some_and(|due| due <= now))
}

pub fn promote(pool: &Pool, now: Timestamp, limit: u32) -> Result<Vec<String>> {
    let mut writer = pool.writer()?;
    if !is_due(&writer, sql::NEXT_DUE, now)? {
        return Ok(Vec::new());
    }
    let tx = writer.begin()?;
    let mut left = limit;
    let mut destinations: BTreeSet<i64> = BTreeSet::new();
    {
        let mut items = tx.prepare_cached(sql::PROMOTE_ITEMS)?;
        let mut promoted = items.query(params![now, left])?;
        while let Some(row) = promoted.next()? {
            destinations.insert(row.get(0)?);
            left = left.saturating_sub(1);
        }
    }
    let holds: Vec<(i64, String)> = tx
        .prepare_cached(sql::PROMOTE_HOLDS)?
        .query_map(params![now, left], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (destination, group) in holds {
        if left == 0 {
            break;
        }
        let promoted =
            tx.prepare_cached(sql::PROMOTE_GROUP)?
                .execute(params![destination, group, left])?;
        destinations.insert(destination);
        left = left.saturating_sub(u32::try_from(promoted).unwrap_or(u32::MAX));
    }
    let mut names = Vec::with_capacity(destinations.len());
    for id in destinations {
        names.push(
            tx.prepare_cached("SELECT name FROM destination WHERE id = ?1")?
                .query_row([id], |row| row.get(0))?,
        );
    }
    tx.commit()?;
    Ok(names)
}

/// Items that one transaction moves: some 20 ms of the writer's time.
const STEP: u32 = 1000;

/// In the order of `id`, each item once: one that is held again meanwhile is not met a second time.
pub fn wake(pool: &Pool, destination: &str, now: Timestamp, woken: &Cell<u64>) -> Result<()> {
    let filter = Filter {
        states: Some(State::Scheduled.into()),
        destination: Some(destination.to_owned()),
        class: Some(Class::Coercion),
        ..Filter::default()
    };
    let mut since = 0;
    loop {
        let ids = list::ids(pool, &filter, Page::after(since, STEP))?;
        let Some(last) = ids.last() else {
            return Ok(());
        };
        since = *last;
        let mut writer = pool.writer()?;
        let tx = writer.begin()?;
        let mut changed = 0;
        for id in &ids {
            changed += tx.prepare_cached(sql::WAKE)?.execute(params![id, now])?;
        }
        tx.commit()?;
        woken.set(woken.get() + changed as u64);
    }
}

pub fn expire(pool: &Pool, now: Timestamp, limit: u32) -> Result<u64> {
    let mut writer = pool.writer()?;
    if !is_due(&writer, sql::EXPIRE_NEXT, now)? {
        return Ok(0);
    }
    let tx = writer.begin()?;
    let expired = tx
        .prepare_cached(sql::EXPIRE)?
        .execute(params![now, limit, EXPIRED])?;
    tx.commit()?;
    Ok(expired as u64)
}

pub fn put_off(
    pool: &Pool,
    destination: &str,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<u64> {
    let mut writer = pool.writer()?;
    if !is_due(&writer, sql::EXPIRE_NEXT, now)? {
        return Ok(0);
    }
    let tx = writer.begin()?;
    let Some(destination) = find_destination(&tx, destination)? else {
        return Ok(0);
    };
    let put_off =
        tx.prepare_cached(sql::PUT_OFF)?
            .execute(params![destination, now, until, limit])?;
    tx.commit()?;
    Ok(put_off as u64)
}

pub fn prune(pool: &Pool, before: Timestamp, limit: u32) -> Result<u64> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let pruned = tx
        .prepare_cached(sql::PRUNE)?
        .execute(params![before, limit])?;
    if pruned > 0 {
        tx.commit()?;
    }
    Ok(pruned as u64)
}
