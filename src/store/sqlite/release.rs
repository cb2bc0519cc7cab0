//! release: what was in flight goes back, when its owner is over. Who is to blame if the process ended suddenly.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, params};

use super::chronicle::{Noted, note_with};
use super::claim::json;
use super::destination::find_destination;
use super::destination::write_last_error;
use super::finish::finish_one;
use super::owner::{self, Over, Owner};
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Class, Event, Outcome, State, Timestamp};
use crate::store::{
    AttemptMade, BLAMED_ASIDE, BLAMED_MOST, Entry, HeldBack, LastError, Released, Result,
    SEEN_ASIDE,
};

/// Of a start: `Count` items were on their way.
const SUDDEN: &str = "Orthanc had ended suddenly";

/// Of a claim that goes one by one: the item that is being sent, and the one that is being read ahead.
const IN_HAND: usize = 2;

struct Running {
    id: i64,
    place: i64,
    /// Whether it is in hand, where that was said of its claim.
    hand: Option<bool>,
}

/// A start: what the owner before had on this handle is over too.
pub fn begin(pool: &Pool, owner: &Owner, now: Timestamp, noted: Noted) -> Result<Released> {
    owner.begin(|own| {
        let mut writer = pool.writer()?;
        let tx = writer.begin()?;
        let over = owner::over(&tx, pool.ended, own, now)?;
        let released = release(&tx, &over, now)?;
        let new = owner::make(&tx)?;
        let started = Entry {
            count: Some(released.released).filter(|count| *count > 0),
            details: (over.iter().any(|owner| !owner.ended_well)).then(|| SUDDEN.to_owned()),
            ..Entry::new(Event::Started, now)
        };
        note_with(&tx, noted, &started)?;
        let suspects = any_suspects(&tx)?;
        tx.commit()?;
        pool.suspects.store(suspects, Ordering::Release);
        Ok((new, released))
    })
}

pub fn release_expired(pool: &Pool, now: Timestamp) -> Result<Released> {
    let mut writer = pool.writer()?;
    let over = owner::over(&writer, pool.ended, None, now)?;
    if over.is_empty() {
        return Ok(Released::default());
    }
    let tx = writer.begin()?;
    let released = release(&tx, &over, now)?;
    let suspects = any_suspects(&tx)?;
    tx.commit()?;
    pool.suspects.store(suspects, Ordering::Release);
    Ok(released)
}

/// What these owners had in hand goes back, and they are no more.
fn release(tx: &Connection, over: &[Over], now: Timestamp) -> Result<Released> {
    let mut answer = Released::default();
    unknown(tx, over)?;
    let all = json(&over.iter().map(|owner| owner.id).collect::<Vec<i64>>());
    if over.iter().any(|owner| owner.ended_well) {
        tx.prepare_cached(sql::SUSPECT_CLEAR)?.execute([])?;
    }
    let sudden: Vec<&Over> = over.iter().filter(|owner| !owner.ended_well).collect();
    if !sudden.is_empty() {
        blame(tx, &sudden, now, &mut answer)?;
    }
    answer.released = tx.prepare_cached(sql::RELEASE_RUNNING)?.execute([&all])? as u64;
    for item in &mut answer.set_aside {
        item.state = State::Pending;
    }
    tx.prepare_cached(sql::HAND_FORGET)?.execute([&all])?;
    tx.prepare_cached(sql::FOLLOW_UP_RELEASE)?.execute([&all])?;
    tx.prepare_cached(sql::OWNER_FORGET)?.execute([&all])?;
    Ok(answer)
}

/// What was in hand may have been sent, and converted for that: of that no result tells.
fn unknown(tx: &Connection, over: &[Over]) -> Result<()> {
    let mut in_hand = Vec::new();
    for owner in over {
        for items in running(tx, owner.id)?.values() {
            in_hand.extend(in_hand_of(items));
        }
    }
    if !in_hand.is_empty() {
        tx.prepare_cached(sql::RELEASE_UNKNOWN)?
            .execute([json(&in_hand)])?;
    }
    Ok(())
}

fn any_suspects(tx: &Connection) -> Result<bool> {
    Ok(tx
        .prepare_cached(sql::SUSPECT_ANY)?
        .query_row([], |row| row.get(0))?)
}

/// Counts a sudden end against what was in hand.
fn blame(tx: &Connection, ended: &[&Over], now: Timestamp, answer: &mut Released) -> Result<()> {
    let mut in_hand: Vec<(i64, i64)> = Vec::new();
    let mut blamed: BTreeMap<bool, Vec<i64>> = BTreeMap::new();
    for owner in ended {
        for (token, items) in running(tx, owner.id)? {
            let ids = in_hand_of(&items);
            in_hand.extend(ids.iter().map(|id| (token, *id)));
            blamed.entry(!owner.any_result).or_default().extend(ids);
        }
    }
    let mut was_aside = BTreeMap::new();
    for (_, id) in &in_hand {
        was_aside.insert(*id, suspect(tx, *id)?.is_some_and(|(_, aside)| aside));
    }
    let ids: Vec<i64> = in_hand.iter().map(|(_, id)| *id).collect();
    tx.prepare_cached(sql::SUSPECT_FORGET)?
        .execute([json(&ids)])?;
    for (blamed, ids) in blamed {
        tx.prepare_cached(sql::SUSPECT_COUNT)?
            .execute(params![json(&ids), blamed])?;
    }
    tx.prepare_cached(sql::SUSPECT_JUDGE)?
        .execute(params![BLAMED_ASIDE, SEEN_ASIDE])?;
    for (token, id) in in_hand {
        let Some((blamed, aside)) = suspect(tx, id)? else {
            continue;
        };
        if blamed >= BLAMED_MOST {
            fail(tx, token, id, blamed, now)?;
            answer.failed.extend(row::read_item(tx, id)?);
        } else if aside && was_aside.get(&id) == Some(&false) {
            answer.set_aside.extend(row::read_item(tx, id)?);
        }
    }
    Ok(())
}

fn fail(tx: &Connection, token: i64, id: i64, times: u32, now: Timestamp) -> Result<()> {
    let attempt = AttemptMade {
        started: now,
        duration_us: 0,
        outcome: Outcome::new(
            Class::Internal,
            format!("Orthanc ended {times} times while this was being prepared or sent"),
        ),
        counted: false,
        sent_as: None,
        altered: None,
        confirm: None,
    };
    let destination = finish_one(tx, token, id, State::Failure, None, &attempt, now)?;
    if let Some(destination) = destination {
        let error = LastError {
            time: now,
            class: attempt.outcome.class,
            dimse_status: None,
            details: attempt.outcome.details,
        };
        write_last_error(tx, destination, &error)?;
    }
    Ok(())
}

/// The items that an owner has, by their claims, in the order in which they go.
fn running(tx: &Connection, owner: i64) -> Result<BTreeMap<i64, Vec<Running>>> {
    let mut claims: BTreeMap<i64, Vec<Running>> = BTreeMap::new();
    let mut statement = tx.prepare_cached(sql::RUNNING)?;
    let mut rows = statement.query([json(&[owner])])?;
    while let Some(row) = rows.next()? {
        claims.entry(row.get(1)?).or_default().push(Running {
            id: row.get(0)?,
            place: row.get(2)?,
            hand: row.get(3)?,
        });
    }
    for items in claims.values_mut() {
        items.sort_unstable_by_key(|item| (item.place, item.id));
    }
    Ok(claims)
}

fn in_hand_of(items: &[Running]) -> Vec<i64> {
    let first = match items.iter().any(|item| item.hand.is_some()) {
        true => items.len(),
        false => IN_HAND,
    };
    let items = items.iter().take(first);
    let in_hand = items.filter(|item| item.hand != Some(false));
    in_hand.map(|item| item.id).collect()
}

/// How often it was blamed, and whether it is set aside.
fn suspect(conn: &Connection, id: i64) -> Result<Option<(u32, bool)>> {
    use rusqlite::OptionalExtension;
    Ok(conn
        .prepare_cached(sql::SUSPECT_OF)?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

pub fn held_back(pool: &Pool, destination: &str) -> Result<HeldBack> {
    if !pool.suspects.load(Ordering::Acquire) {
        return Ok(HeldBack::Nothing);
    }
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let Some(id) = find_destination(&tx, destination)? else {
        return Ok(HeldBack::Nothing);
    };
    let most: Option<i64> = tx
        .prepare_cached(sql::SUSPECT_HELD_BACK)?
        .query_row([id], |row| row.get(0))?;
    Ok(match most {
        None => HeldBack::Nothing,
        Some(1) => HeldBack::Aside,
        Some(_) => HeldBack::Single,
    })
}
