//! The journal that people read, and each hour's figures.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::destination::destination_id;
use super::pool::Pool;
use super::sql;
use crate::item::{Event, Timestamp};
use crate::store::chronicle::{ADDED_SECONDS, LONGEST_OUTAGES_SECONDS, SAME_OUTAGE_SECONDS};
use crate::store::{Asker, Entry, Forgotten, Hour, Operation, Period, Result, StoreError};

/// The longest text that is kept, in characters.
const MAX_DETAILS: usize = 300;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Whether an entry is written too: it is left out where there is no room for it, and what it tells of can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    Too,
    Not,
}

pub fn note(pool: &Pool, entry: &Entry) -> Result<()> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    write(&tx, entry, None)?;
    tx.commit()?;
    Ok(())
}

/// Writes an entry in the transaction of what it tells of.
///
/// # Errors
/// Where there is no room, or somebody else has the lock: then the transaction is lost too. Whatever else is wrong with
/// the journal undoes nothing.
pub fn note_with(tx: &Connection, noted: Noted, entry: &Entry) -> Result<()> {
    tell(noted, entry.event, || write(tx, entry, None))
}

fn tell(noted: Noted, event: Event, write: impl FnOnce() -> Result<()>) -> Result<()> {
    if noted == Noted::Not {
        log::error!("{event} is missing in the journal: no room");
        return Ok(());
    }
    match write() {
        Err(error @ (StoreError::Full(_) | StoreError::Locked(_))) => Err(error),
        Err(error) => {
            log::error!("{event} is missing in the journal: {error}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Tells of a beginning, with what was met. One that comes soon after the end of the last goes on in its entries: a
/// receiver that comes and goes would push out what people did.
pub fn note_outage(
    tx: &Connection,
    noted: Noted,
    destination: &str,
    since: Timestamp,
    why: &str,
) -> Result<()> {
    tell(noted, Event::OutageBegan, || {
        let last_ended = since.plus_seconds(-SAME_OUTAGE_SECONDS);
        let again = tx.prepare_cached(sql::OUTAGE_AGAIN)?.execute(params![
            Event::OutageBegan,
            Event::OutageEnded,
            destination,
            since,
            since.plus_seconds(-LONGEST_OUTAGES_SECONDS),
            last_ended,
        ])?;
        if again > 0 {
            tx.prepare_cached(sql::OUTAGE_GOES_ON)?.execute(params![
                Event::OutageEnded,
                destination,
                since,
                last_ended
            ])?;
            return Ok(());
        }
        let entry = Entry {
            destination: Some(destination.to_owned()),
            details: Some(why.to_owned()),
            ..Entry::new(Event::OutageBegan, since)
        };
        write(tx, &entry, None)
    })
}

/// Tells of the end of what began then; where it went on in the entries of another, of all of it.
pub fn note_return(
    tx: &Connection,
    noted: Noted,
    destination: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tell(noted, Event::OutageEnded, || {
        let earliest = since.plus_seconds(-LONGEST_OUTAGES_SECONDS);
        let told: Option<(Timestamp, Option<i64>)> = tx
            .prepare_cached(sql::OUTAGE_BEGAN)?
            .query_row(
                params![Event::OutageBegan, destination, since, earliest],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let several = told.and_then(|(first, times)| Some((first, times?)));
        let began = several.map_or(since, |(first, _)| first);
        let entry = Entry {
            destination: Some(destination.to_owned()),
            seconds: Some(now.since(began).as_secs()),
            count: several.map(|(_, times)| times.unsigned_abs()),
            ..Entry::new(Event::OutageEnded, now)
        };
        write(tx, &entry, None)
    })
}

/// What a request was of: whether what it did is told by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Of one item that it named. A script that does so for thousands has one entry a minute.
    OneItem,
    /// Of any number: all that it does, in however many steps, is one entry, and nothing of another request is in it.
    Any,
}

/// What a person did to so many items (`count`), if a person did, and to any: `entry` says the rest.
pub fn note_items(tx: &Connection, noted: Noted, scope: Scope, entry: Entry) -> Result<()> {
    match Asker::current() {
        Some(asker) if entry.count > Some(0) => {
            let by = asker.did(entry.event);
            let entry = Entry {
                user: by.user,
                time: by.time,
                ..entry
            };
            let request = (scope == Scope::Any).then_some(asker.request);
            tell(noted, entry.event, || write(tx, &entry, request))
        }
        _ => Ok(()),
    }
}

/// The part of such an entry that says what was done.
pub fn done(operation: &Operation, event: Event, destination: Option<&str>, count: u64) -> Entry {
    Entry {
        destination: destination.map(str::to_owned),
        to: operation.to().map(str::to_owned),
        details: operation.details().map(str::to_owned),
        count: Some(count),
        ..Entry::new(event, Timestamp::default())
    }
}

/// `request`: it is added to that one's alone.
fn write(tx: &Connection, entry: &Entry, request: Option<i64>) -> Result<()> {
    let details = entry.details.as_deref().map(cut);
    let count = entry.count.map(number);
    if entry.event.is_of_items() && count.is_some() {
        // All entries of a request have its time.
        let behind = match request {
            Some(_) => Timestamp::from_micros(entry.time.micros().saturating_sub(1)),
            None => entry.time.plus_seconds(-ADDED_SECONDS),
        };
        let added = tx.prepare_cached(sql::EVENT_ADD)?.execute(params![
            entry.event,
            behind,
            entry.time,
            entry.destination,
            entry.user,
            entry.to,
            details,
            count,
            request,
        ])?;
        if added > 0 {
            return Ok(());
        }
    }
    tx.prepare_cached(sql::EVENT_MAKE)?.execute(params![
        entry.event,
        entry.time,
        entry.destination,
        entry.user,
        entry.to,
        details,
        count,
        entry.seconds.map(number),
        request,
    ])?;
    Ok(())
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(MAX_DETAILS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let count: Option<i64> = row.get(5)?;
    let seconds: Option<i64> = row.get(7)?;
    Ok(Entry {
        id: row.get(0)?,
        time: row.get(1)?,
        event: row.get(2)?,
        destination: row.get(3)?,
        user: row.get(4)?,
        count: count.map(i64::unsigned_abs),
        to: row.get(6)?,
        seconds: seconds.map(i64::unsigned_abs),
        details: row.get(8)?,
    })
}

pub fn entries(pool: &Pool, period: &Period, after: i64, limit: u32) -> Result<Vec<Entry>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let Period {
        from,
        until,
        destination,
        event,
    } = period;
    let found = match event {
        Some(event) => tx
            .prepare_cached(sql::EVENT_LIST_KIND)?
            .query_map(
                params![after, from, until, destination, limit, event],
                entry,
            )?
            .collect::<rusqlite::Result<_>>()?,
        None => tx
            .prepare_cached(sql::EVENT_LIST)?
            .query_map(params![after, from, until, destination, limit], entry)?
            .collect::<rusqlite::Result<_>>()?,
    };
    Ok(found)
}

/// The hour (since 1970) of a time.
fn hour_of(time: Timestamp) -> i64 {
    time.micros().div_euclid(HOUR_MICROS)
}

pub fn hours(pool: &Pool, from: Timestamp, until: Timestamp) -> Result<Vec<Hour>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    // The end is not included: an hour that begins with it has no part.
    let end = hour_of(Timestamp::from_micros(until.micros().saturating_sub(1))).saturating_add(1);
    let hours = tx
        .prepare_cached(sql::HOUR_LIST)?
        .query_map(params![hour_of(from), end], |row| {
            Ok(Hour {
                destination: row.get(0)?,
                hour: row.get(1)?,
                sent: row.get::<_, i64>(2)?.unsigned_abs(),
                bytes: row.get::<_, i64>(3)?.unsigned_abs(),
                failed: row.get::<_, i64>(4)?.unsigned_abs(),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(hours)
}

pub fn counted_until(pool: &Pool, created: Timestamp) -> Result<Timestamp> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let until: Option<Timestamp> = tx
        .prepare_cached(sql::HOURS_UNTIL)?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(until.unwrap_or(created))
}

pub fn count_hours(pool: &Pool, hours: &[Hour], until: Timestamp) -> Result<()> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    for one in hours {
        let destination = destination_id(&tx, &one.destination)?;
        tx.prepare_cached(sql::HOUR_ADD)?.execute(params![
            destination,
            one.hour,
            number(one.sent),
            number(one.bytes)
        ])?;
    }
    tx.prepare_cached(sql::HOURS_UNTIL_WRITE)?
        .execute([until])?;
    tx.commit()?;
    Ok(())
}

/// As JSON.
fn kinds(which: impl Fn(Event) -> bool) -> String {
    let words = Event::ALL.into_iter().filter(|event| which(*event));
    serde_json::json!(words.map(Event::as_str).collect::<Vec<_>>()).to_string()
}

pub fn forget_before(pool: &Pool, before: Timestamp, most: u32, limit: u32) -> Result<Forgotten> {
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let old = tx
        .prepare_cached(sql::EVENT_FORGET)?
        .execute(params![before, limit])?;
    let hours = tx
        .prepare_cached(sql::HOUR_FORGET)?
        .execute(params![hour_of(before), limit])?;
    let mut over = 0;
    for kinds in [kinds(Event::is_of_items), kinds(|_| true)] {
        let left = i64::from(limit) - over as i64;
        over += tx
            .prepare_cached(sql::EVENT_DROP)?
            .execute(params![most, left, kinds])?;
    }
    if old + hours + over > 0 {
        tx.commit()?;
    }
    Ok(Forgotten {
        old: (old + hours) as u64,
        over: over as u64,
    })
}
