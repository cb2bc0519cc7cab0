//! The error queue as a whole: its summary, and replay, redirect and purge by filter.

use std::cell::Cell;
use std::collections::HashMap;

use rusqlite::params;

use super::enqueue::destination_id;
use super::pool::Pool;
use super::{list, row, sql};
use crate::item::{State, Timestamp};
use crate::store::{ErrorOperation, ErrorSummary, FailureTotal, Filter, HeldItems, Page, Result};

/// Items that one transaction moves: some 20 ms of the writer's time.
const STEP: u32 = 1000;

/// In the order of `id`, each item once: one that fails again meanwhile is not met a second time. `done` counts what
/// was moved, also when a later step fails and all is tried once more.
pub fn operate_errors(
    pool: &Pool,
    operation: &ErrorOperation,
    filter: &Filter,
    expires: &dyn Fn(&str) -> Option<Timestamp>,
    dry_run: bool,
    done: &Cell<u64>,
) -> Result<()> {
    if !filter.may_be(State::Failure) {
        return Ok(());
    }
    let filter = Filter {
        states: Some(State::Failure.into()),
        ..filter.clone()
    };
    let mut since = 0;
    loop {
        let ids = list::ids(pool, &filter, Page::after(since, STEP))?;
        let Some(last) = ids.last() else {
            return Ok(());
        };
        since = *last;
        let moved = if dry_run {
            ids.len() as u64
        } else {
            step(pool, operation, &ids, expires)?
        };
        done.set(done.get() + moved);
    }
}

/// Items that left the error queue since they were listed are left alone and not counted.
fn step(
    pool: &Pool,
    operation: &ErrorOperation,
    ids: &[i64],
    expires: &dyn Fn(&str) -> Option<Timestamp>,
) -> Result<u64> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let mut moved = 0;
    match operation {
        ErrorOperation::Purge => {
            for id in ids {
                moved += tx.prepare_cached(sql::PURGE)?.execute([id])?;
            }
        }
        ErrorOperation::Redirect { to } => {
            let expires = expires(to);
            let to = destination_id(&tx, to)?;
            for id in ids {
                let item = row::read_item(&tx, *id)?;
                if item.is_none_or(|item| item.state != State::Failure) {
                    continue;
                }
                moved += tx
                    .prepare_cached(sql::REDIRECT)?
                    .execute(params![id, expires, to])?;
            }
        }
        ErrorOperation::Replay => {
            let mut known: HashMap<String, Option<Timestamp>> = HashMap::new();
            for id in ids {
                let Some(item) = row::read_item(&tx, *id)? else {
                    continue;
                };
                if item.state != State::Failure {
                    continue;
                }
                let expires = *known
                    .entry(item.destination)
                    .or_insert_with_key(|name| expires(name));
                moved += tx
                    .prepare_cached(sql::REPLAY)?
                    .execute(params![id, expires])?;
            }
        }
    }
    tx.commit()?;
    Ok(moved as u64)
}

pub fn held(pool: &Pool) -> Result<Vec<HeldItems>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let held = tx
        .prepare_cached(sql::HELD)?
        .query_map([], |row| {
            Ok(HeldItems {
                destination: row.get(0)?,
                count: row.get::<_, i64>(1)?.unsigned_abs(),
                oldest: row.get(2)?,
                example: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(held)
}

pub fn error_summary(pool: &Pool) -> Result<Vec<ErrorSummary>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut summary = tx.prepare_cached(sql::ERROR_SUMMARY)?;
    let summary = summary
        .query_map([], |row| {
            Ok(ErrorSummary {
                destination: row.get(0)?,
                class: row.get(1)?,
                dimse_status: row.get(2)?,
                count: row.get::<_, i64>(3)?.unsigned_abs(),
                oldest: row.get(4)?,
                newest: row.get(5)?,
                example: row.get(6)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(summary)
}

pub fn failure_totals(pool: &Pool) -> Result<Vec<FailureTotal>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut totals = tx.prepare_cached(sql::FAILURE_TOTALS)?;
    let totals = totals
        .query_map([], |row| {
            Ok(FailureTotal {
                destination: row.get(0)?,
                class: row.get(1)?,
                total: row.get::<_, i64>(2)?.unsigned_abs(),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(totals)
}
