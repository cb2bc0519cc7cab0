//! complete, retry, fail, release, hold: how a claim ends. The first result of an owner is noted with it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::destination::write_last_error;
use super::owner::Owner;
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Confirmation, State, Timestamp};
use crate::store::{AttemptMade, Ending, Finish, LastError, Result};

/// What the results of one call say of a destination.
#[derive(Default)]
struct Heard {
    success: bool,
    error: Option<LastError>,
}

pub fn finish(
    pool: &Pool,
    owner: &Owner,
    token: i64,
    results: &[Finish],
    now: Timestamp,
) -> Result<u64> {
    if results.is_empty() {
        return Ok(0);
    }
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let mut heard: BTreeMap<i64, Heard> = BTreeMap::new();
    let mut changed = 0;
    for result in results {
        tx.prepare_cached(sql::HAND_CLEAR)?
            .execute([token, result.id])?;
        let (state, next_attempt, attempt) = match &result.ending {
            Ending::Release | Ending::Cut { .. } => {
                let altered = match result.ending {
                    Ending::Cut { altered } => altered,
                    _ => Some(false),
                };
                changed += tx
                    .prepare_cached(sql::FINISH_RELEASE)?
                    .execute(params![result.id, token, altered])? as u64;
                continue;
            }
            Ending::Hold { at, outcome } => {
                changed += tx.prepare_cached(sql::FINISH_HOLD)?.execute(params![
                    result.id,
                    token,
                    at,
                    outcome.class,
                    row::details(&outcome.details)
                ])? as u64;
                continue;
            }
            Ending::Complete(attempt) => (State::Success, None, attempt),
            Ending::Retry { at, attempt } => (State::Retry, Some(*at), attempt),
            Ending::Fail(attempt) => (State::Failure, None, attempt),
        };
        let moved = finish_one(&tx, token, result.id, state, next_attempt, attempt, now)?;
        let Some(destination) = moved else {
            continue;
        };
        changed += 1;
        let heard = heard.entry(destination).or_default();
        if state == State::Success {
            heard.success = true;
        } else {
            heard.error = Some(LastError {
                time: now,
                class: attempt.outcome.class,
                dimse_status: attempt.outcome.dimse_status,
                details: attempt.outcome.details.clone(),
            });
        }
    }
    for (destination, heard) in &heard {
        if heard.success {
            tx.prepare_cached(sql::DESTINATION_SUCCESS)?
                .execute(params![destination, now])?;
        }
        if let Some(error) = &heard.error {
            write_last_error(&tx, *destination, error)?;
        }
    }
    let first = !heard.is_empty() && owner.first_result(&tx)?;
    tx.commit()?;
    if first {
        owner.has_result();
    }
    Ok(changed)
}

/// Answers the item's destination; `None` if it is no longer held under this token.
pub fn finish_one(
    conn: &Connection,
    token: i64,
    id: i64,
    state: State,
    next_attempt: Option<Timestamp>,
    attempt: &AttemptMade,
    now: Timestamp,
) -> Result<Option<i64>> {
    let outcome = &attempt.outcome;
    let details = row::details(&outcome.details);
    let completed = (state != State::Retry).then_some(now);
    let destination: Option<i64> = conn
        .prepare_cached(sql::FINISH_HELD)?
        .query_row(params![id, token], |row| row.get(0))
        .optional()?;
    let Some(destination) = destination else {
        // Under which UID it went is not recorded.
        let altered = attempt.altered.filter(|_| attempt.sent_as.is_none());
        if altered != Some(false) {
            conn.prepare_cached(sql::FINISH_CANCELLED)?
                .execute(params![id, altered])?;
        }
        return Ok(None);
    };
    conn.prepare_cached(sql::FINISH_ITEM)?.execute(params![
        id,
        token,
        state,
        attempt.counted,
        next_attempt,
        completed,
        outcome.class,
        outcome.dimse_status,
        details,
        match attempt.confirm {
            Some(_) => Confirmation::Waiting,
            None => Confirmation::None,
        },
        attempt.altered,
    ])?;
    write_attempt(conn, id, destination, attempt)?;
    if let (State::Success, Some(confirm)) = (state, &attempt.confirm) {
        super::confirmations::add(conn, id, now, confirm.due, confirm.series.as_deref())?;
    }
    Ok(Some(destination))
}

/// Behind those that the item has.
pub fn write_attempt(
    conn: &Connection,
    id: i64,
    destination: i64,
    attempt: &AttemptMade,
) -> Result<()> {
    let outcome = &attempt.outcome;
    conn.prepare_cached(sql::FINISH_ATTEMPT)?.execute(params![
        id,
        destination,
        attempt.started,
        row::duration(attempt.duration_us),
        outcome.class,
        outcome.dimse_status,
        row::details(&outcome.details),
        attempt.sent_as,
    ])?;
    Ok(())
}
