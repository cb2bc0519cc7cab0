//! Counts, destinations, one item, the progress of a resource.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, Row, ToSql, params};

use super::confirmations::confirming;
use super::destination::find_destination;
use super::pool::Pool;
use super::study::Study;
use super::{row, sql};
use crate::item::{Attempt, Class, Item, State, Timestamp};
use crate::store::{
    Counts, DestinationRecord, LastError, Level, MinuteAtRest, Outage, ResourceProgress, Result,
};

pub fn counts(pool: &Pool) -> Result<Counts> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut statement = tx.prepare_cached(sql::COUNTS)?;
    let mut rows = statement.query([])?;
    let mut counts = Counts::default();
    while let Some(row) = rows.next()? {
        counts.add(row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs());
    }
    Ok(counts)
}

/// All destinations, or the one of this name, in the order of their names.
pub fn destinations(pool: &Pool, name: Option<&str>) -> Result<Vec<DestinationRecord>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let one = match name {
        None => None,
        Some(name) => match find_destination(&tx, name)? {
            None => return Ok(Vec::new()),
            one => one,
        },
    };
    let mut tallies = tallies(&tx, one)?;
    let mut confirming = confirming(&tx, one)?;
    let mut statement = tx.prepare_cached(sql::DESTINATION_LIST)?;
    let mut rows = statement.query([name])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let (counts, bytes_pending) = tallies.remove(&id).unwrap_or_default();
        records.push(DestinationRecord {
            name: row.get(1)?,
            paused_since: row.get(2)?,
            counts,
            bytes_pending,
            oldest_pending: row.get(8)?,
            last_success: row.get(3)?,
            last_error: last_error(row)?,
            outage: outage(row)?,
            outages: row.get::<_, i64>(11)?.unsigned_abs(),
            confirming: confirming.remove(&id).unwrap_or_default(),
        });
    }
    Ok(records)
}

pub fn next_expiry(pool: &Pool) -> Result<Option<Timestamp>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    Ok(tx
        .prepare_cached(sql::EXPIRE_NEXT)?
        .query_row([], |row| row.get(0))?)
}

pub fn at_rest(pool: &Pool, from: Timestamp, until: Timestamp) -> Result<Vec<MinuteAtRest>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut minutes = BTreeMap::new();
    for (sql, failed) in [(sql::RECENT_SENT, false), (sql::RECENT_FAILED, true)] {
        let mut statement = tx.prepare_cached(sql)?;
        let mut rows = statement.query(params![from, until])?;
        while let Some(row) = rows.next()? {
            let (destination, minute): (String, i64) = (row.get(0)?, row.get(1)?);
            let one = minutes
                .entry((destination.clone(), minute))
                .or_insert_with(|| MinuteAtRest {
                    destination,
                    minute,
                    ..MinuteAtRest::default()
                });
            let items = row.get::<_, i64>(2)?.unsigned_abs();
            if failed {
                one.failed = items;
            } else {
                one.sent = items;
                one.bytes = row.get::<_, i64>(3)?.unsigned_abs();
            }
        }
    }
    Ok(minutes.into_values().collect())
}

fn outage(row: &Row<'_>) -> rusqlite::Result<Option<Outage>> {
    let since: Option<Timestamp> = row.get(9)?;
    let failures = row.get(10)?;
    Ok(since.map(|since| Outage { since, failures }))
}

fn last_error(row: &Row<'_>) -> rusqlite::Result<Option<LastError>> {
    let time: Option<Timestamp> = row.get(4)?;
    let class: Option<Class> = row.get(5)?;
    let (Some(time), Some(class)) = (time, class) else {
        return Ok(None);
    };
    Ok(Some(LastError {
        time,
        class,
        dimse_status: row.get(6)?,
        details: row.get(7)?,
    }))
}

/// Items by state, and the bytes of those still to be sent, by destination: of this one, or of all.
fn tallies(conn: &Connection, destination: Option<i64>) -> Result<HashMap<i64, (Counts, u64)>> {
    let mut statement = conn.prepare_cached(sql::DESTINATION_TALLY)?;
    let mut rows = statement.query([destination])?;
    let mut tallies: HashMap<i64, (Counts, u64)> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (counts, bytes_pending) = tallies.entry(row.get(0)?).or_default();
        let state: State = row.get(1)?;
        counts.add(state, row.get::<_, i64>(2)?.unsigned_abs());
        if state.is_waiting() || state == State::Running {
            *bytes_pending += row.get::<_, i64>(3)?.unsigned_abs();
        }
    }
    Ok(tallies)
}

pub fn item(pool: &Pool, id: i64) -> Result<Option<(Item, Vec<Attempt>)>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let Some(item) = row::read_item(&tx, id)? else {
        return Ok(None);
    };
    let mut attempts = tx.prepare_cached(sql::ITEM_ATTEMPTS)?;
    let attempts = attempts
        .query_map([id], row::attempt)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some((item, attempts)))
}

/// With the study: one range of an index. Without it, and for a patient, every item is looked at.
pub fn progress(
    pool: &Pool,
    level: Level,
    id: &str,
    study: Option<&str>,
) -> Result<Vec<ResourceProgress>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    match (level, study) {
        (Level::Study, _) => Study::read(&tx, id, None)?.progress(&tx),
        (Level::Series, Some(study)) => of_instances(&tx, sql::PROGRESS_SERIES, params![id, study]),
        (Level::Series, None) => of_instances(&tx, sql::PROGRESS_SERIES_SCAN, params![id]),
        (Level::Instance, Some(study)) => {
            of_instances(&tx, sql::PROGRESS_INSTANCE, params![id, study])
        }
        (Level::Instance, None) => of_instances(&tx, sql::PROGRESS_INSTANCE_SCAN, params![id]),
        (Level::Patient, _) => of_instances(&tx, sql::PROGRESS_PATIENT_SCAN, params![id]),
    }
}

/// By destination.
type Found = BTreeMap<String, ResourceProgress>;

fn add(found: &mut Found, part: ResourceProgress) {
    match found.get_mut(&part.destination) {
        Some(whole) => whole.add(&part),
        None => {
            found.insert(part.destination.clone(), part);
        }
    }
}

/// `progress`: a row for each state of each instance at each destination, those of one beside each other. One walk is
/// all that this takes, however little of it fits.
fn of_instances(
    conn: &Connection,
    progress: &str,
    of: &[&dyn ToSql],
) -> Result<Vec<ResourceProgress>> {
    let mut found = Found::new();
    let mut last = None;
    let mut statement = conn.prepare_cached(progress)?;
    let mut rows = statement.query(of)?;
    while let Some(row) = rows.next()? {
        let mut part = progress_of(row)?;
        let one: (String, String) = (part.destination.clone(), row.get(7)?);
        part.instances = u64::from(last.as_ref() != Some(&one));
        part.delivered = part.delivered.min(1);
        add(&mut found, part);
        last = Some(one);
    }
    Ok(found.into_values().collect())
}

/// One state of one destination, as if each item were of another instance.
fn progress_of(row: &Row<'_>) -> rusqlite::Result<ResourceProgress> {
    let (state, items) = (row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs());
    let mut counts = Counts::default();
    counts.add(state, items);
    Ok(ResourceProgress {
        destination: row.get(0)?,
        counts,
        instances: items,
        delivered: counts.get(State::Success),
        first_created: row.get(3)?,
        last_created: row.get(4)?,
        first_completed: row.get(5)?,
        last_completed: row.get(6)?,
    })
}
