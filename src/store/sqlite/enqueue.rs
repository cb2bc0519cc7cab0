//! enqueue: arrivals and requests become items; the cursor moves with them.

use std::collections::{BTreeMap, HashMap, hash_map};

use rusqlite::{Connection, params};

use super::chronicle::{Noted, Scope, done, note_items};
use super::cursor::write_reached;
use super::destination::{destination_id, find_destination};
use super::operate::prioritize;
use super::pool::Pool;
use super::{deliveries, list, outbox, row, sources, sql, studies};
use crate::item::{Again, Event, Outcome, Priority, State, Timestamp};
use crate::store::{Duplicates, Enqueued, Entry, Intake, NewItem, Operation, Reception, Result};

/// The end of a quiet period that only silence ends.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// A quiet period that this call begins or lengthens.
struct Hold {
    due: Timestamp,
    /// Of those that begin it, the earliest.
    latest: Timestamp,
    /// Whether an item was made that waits for it.
    begins: bool,
}

pub fn enqueue(pool: &Pool, intake: &Intake<'_>, now: Timestamp) -> Result<Enqueued> {
    let Intake {
        items,
        duplicates,
        taken,
        heard,
        stored,
        named,
        reached,
        ..
    } = *intake;
    let mut answer = Enqueued::default();
    let nothing = items.is_empty() && taken.is_empty() && heard.is_empty() && stored.is_empty();
    if nothing && reached.is_none() {
        return Ok(answer);
    }
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let mut destinations: HashMap<&str, i64> = HashMap::new();
    let mut holds: HashMap<(i64, &str), Hold> = HashMap::new();
    let mut asked: BTreeMap<&str, u64> = BTreeMap::new();
    let mut raised: BTreeMap<(&str, Priority), u64> = BTreeMap::new();
    let newest = newest_before(&tx, duplicates)?;
    // Before what becomes of them.
    outbox::store(&tx, stored, now)?;
    for (at, item) in items.iter().enumerate() {
        let destination = match destinations.get(item.destination.as_str()) {
            Some(id) => *id,
            None => {
                let id = destination_id(&tx, &item.destination)?;
                destinations.insert(&item.destination, id);
                id
            }
        };
        let pair = pair(&tx, item, destination)?;
        answer.failed.extend(failed(&pair, newest));
        let fate = fate(&pair, item, duplicates);
        match fate {
            Fate::Queued => {
                merge(&tx, &pair, item, duplicates, now)?;
                answer.already_queued += 1;
                if raise(&tx, &pair, item, intake)? {
                    answer.raised += 1;
                    *raised
                        .entry((&item.destination, item.priority))
                        .or_default() += 1;
                }
            }
            Fate::Made => {
                insert(&tx, item, destination, duplicates, now)?;
                answer.enqueued += 1;
                if duplicates == Duplicates::Request {
                    *asked.entry(&item.destination).or_default() += 1;
                }
                if pair.iter().any(|other| other.by_rule) {
                    answer.again.push(at);
                }
            }
            Fate::HeldBack => {
                answer.held_back.push(at);
                continue;
            }
        }
        if let (Some(due), Some(group), None) = (item.not_before, group(item), &item.failed) {
            let hold = holds.entry((destination, group)).or_insert(Hold {
                due,
                latest: NEVER,
                begins: false,
            });
            hold.due = due;
            if fate == Fate::Made {
                hold.latest = hold.latest.min(item.latest.unwrap_or(NEVER));
                hold.begins = true;
            }
        }
    }
    for ((destination, group), hold) in holds {
        if hold.begins {
            tx.prepare_cached(sql::ENQUEUE_HOLD)?.execute(params![
                destination,
                group,
                hold.due,
                hold.latest
            ])?;
        } else {
            tx.prepare_cached(sql::ENQUEUE_EXTEND_HOLD)?
                .execute(params![destination, group, hold.due])?;
        }
    }
    deliveries::know(&tx, items, named)?;
    studies::take(&tx, taken, now)?;
    answer.forgotten_sources = sources::hear(&tx, heard)?;
    if let Some(reached) = reached {
        write_reached(&tx, reached)?;
    }
    let scope = match intake.is_one_instance {
        true => Scope::OneItem,
        false => Scope::Any,
    };
    for (destination, count) in asked {
        let enqueued = Entry {
            destination: Some(destination.to_owned()),
            count: Some(count),
            ..Entry::new(Event::Enqueued, now)
        };
        note_items(&tx, Noted::Too, scope, enqueued)?;
    }
    for ((destination, priority), count) in raised {
        let raised = Operation::Prioritize(priority);
        let raised = done(&raised, raised.event(), Some(destination), count);
        note_items(&tx, Noted::Too, scope, raised)?;
    }
    tx.commit()?;
    Ok(answer)
}

/// What `enqueue` would answer, with nothing changed.
pub fn count_new(pool: &Pool, intake: &Intake<'_>) -> Result<Enqueued> {
    let Intake {
        items, duplicates, ..
    } = *intake;
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut answer = Enqueued::default();
    let newest = newest_before(&tx, duplicates)?;
    // With what the items before would have made.
    let mut pairs: HashMap<(&str, &str), Vec<Other>> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        let key = (item.ids.instance.as_str(), item.destination.as_str());
        let pair = match pairs.entry(key) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(unknown) => {
                unknown.insert(match find_destination(&tx, key.1)? {
                    Some(destination) => pair(&tx, item, destination)?,
                    None => Vec::new(),
                })
            }
        };
        answer.failed.extend(failed(pair, newest));
        match fate(pair, item, duplicates) {
            Fate::HeldBack => answer.held_back.push(at),
            Fate::Queued => {
                answer.already_queued += 1;
                let raised: Vec<_> = pair
                    .iter_mut()
                    .filter(|other| is_raised(other, item, intake))
                    .map(|other| other.priority = item.priority)
                    .collect();
                answer.raised += u64::from(!raised.is_empty());
                if duplicates != Duplicates::Request {
                    for other in pair.iter_mut().filter(|other| other.state.is_waiting()) {
                        if doubt(other, item, duplicates).is_some() {
                            other.state = State::Failure;
                        }
                        other.reception = item.reception.clone();
                    }
                }
            }
            Fate::Made => {
                answer.enqueued += 1;
                if pair.iter().any(|other| other.by_rule) {
                    answer.again.push(at);
                }
                pair.push(Other {
                    id: i64::MAX,
                    state: state_of(item),
                    priority: item.priority,
                    alone: group(item).is_none(),
                    by_rule: item.rule.is_some(),
                    completed: None,
                    reception: item.reception.clone(),
                });
            }
        }
    }
    Ok(answer)
}

/// An item that is a group of its own has none in the database: an index of groups would then be one
/// of instances, with a random page for each item.
fn group(item: &NewItem) -> Option<&str> {
    (item.group != item.ids.instance).then_some(item.group.as_str())
}

/// An item of the same pair.
struct Other {
    id: i64,
    state: State,
    priority: Priority,
    alone: bool,
    by_rule: bool,
    completed: Option<Timestamp>,
    reception: Reception,
}

impl Other {
    /// Whether what it delivers is known to be what was received.
    fn delivers(&self, reception: &Reception) -> bool {
        // One and the same file was not overwritten in between.
        let is_file = reception.file.is_some() && reception.file == self.reception.file;
        let before_unseen = |since| self.completed.is_some_and(|completed| completed < since);
        self.reception.is_same_content(reception)
            && (is_file || reception.unseen_since.is_none_or(before_unseen))
    }
}

/// The items of the pair, oldest first.
fn pair(conn: &Connection, item: &NewItem, destination: i64) -> Result<Vec<Other>> {
    let mut find = conn.prepare_cached(sql::ENQUEUE_FIND)?;
    let found = find.query_map(
        params![item.ids.study, item.ids.instance, destination],
        |row| {
            Ok(Other {
                id: row.get(0)?,
                state: row.get(1)?,
                alone: row.get(2)?,
                by_rule: row.get(3)?,
                reception: Reception {
                    file: row.get(4)?,
                    digest: row.get(5)?,
                    repeated: row.get(6)?,
                    ..Reception::default()
                },
                completed: row.get(7)?,
                priority: row.get(8)?,
            })
        },
    )?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Up to which id items are told as failed before: of a request alone.
fn newest_before(conn: &Connection, duplicates: Duplicates) -> Result<i64> {
    match duplicates {
        Duplicates::Request => list::last(conn),
        _ => Ok(0),
    }
}

/// Those of the pair that are in the error queue, up to this id.
fn failed(pair: &[Other], newest: i64) -> impl Iterator<Item = i64> {
    let failed = pair.iter().filter(|other| other.state == State::Failure);
    failed.map(|other| other.id).filter(move |id| *id <= newest)
}

/// What becomes of an item that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Made,
    /// Another one makes it needless.
    Queued,
    /// What was received is there already, see [`Duplicates::Arrival`].
    HeldBack,
}

fn fate(pair: &[Other], item: &NewItem, duplicates: Duplicates) -> Fate {
    let waits = pair.iter().any(|other| other.state.is_waiting());
    let runs = pair.iter().any(|other| other.state == State::Running);
    if waits || (runs && duplicates == Duplicates::Request) {
        return Fate::Queued;
    }
    if duplicates == Duplicates::Request {
        return Fate::Made;
    }
    let reception = &item.reception;
    let is_made = |other: &Other| other.by_rule && other.reception.is(reception);
    if pair.iter().any(is_made) {
        return Fate::Queued;
    }
    let not_stored = reception.repeated.is_some();
    let held_back = match reception.again {
        Again::Always => false,
        Again::Never => not_stored || pair.iter().any(|other| other.by_rule),
        // The newest one tells what the destination has.
        Again::IfChanged => pair.last().map_or(not_stored, |newest| {
            let is_there = matches!(newest.state, State::Success | State::Running);
            // What goes into the error queue at once is there, if it was not purged.
            let is_failed = item.failed.is_some() && newest.state == State::Failure;
            (is_there || is_failed) && newest.delivers(reception)
        }),
    };
    if held_back {
        Fate::HeldBack
    } else {
        Fate::Made
    }
}

/// What waits already will send what was received now; its quiet period begins anew.
fn merge(
    conn: &Connection,
    pair: &[Other],
    item: &NewItem,
    duplicates: Duplicates,
    now: Timestamp,
) -> Result<()> {
    for other in pair.iter().filter(|other| other.state.is_waiting()) {
        let reception = Reception {
            unseen_since: other.reception.unseen_since,
            again: other.reception.again,
            ..item.reception.clone()
        };
        if let Some(outcome) = doubt(other, item, duplicates) {
            conn.prepare_cached(sql::ENQUEUE_DOUBT)?.execute(params![
                other.id,
                now,
                outcome.class,
                outcome.dimse_status,
                row::details(&outcome.details),
                reception.file,
                reception.digest,
                reception.repeated
            ])?;
            continue;
        }
        if duplicates != Duplicates::Request && other.reception != reception {
            conn.prepare_cached(sql::ENQUEUE_RENEW)?.execute(params![
                other.id,
                reception.file,
                reception.digest,
                reception.repeated
            ])?;
        }
        if let (State::Scheduled, true, Some(due), None) =
            (other.state, other.alone, item.not_before, &item.failed)
        {
            conn.prepare_cached(sql::ENQUEUE_EXTEND_ITEM)?
                .execute(params![other.id, due, longest_wait(item, now)])?;
        }
    }
    Ok(())
}

/// What waits with a lower priority gets that of the item; whether there was any.
fn raise(conn: &Connection, pair: &[Other], item: &NewItem, intake: &Intake<'_>) -> Result<bool> {
    let mut raised = false;
    for other in pair.iter().filter(|other| is_raised(other, item, intake)) {
        prioritize(conn, other.id, item.priority)?;
        raised = true;
    }
    Ok(raised)
}

fn is_raised(other: &Other, item: &NewItem, intake: &Intake<'_>) -> bool {
    intake.raises && other.state.is_waiting() && other.priority < item.priority
}

/// An item of a rule that waits would send what was received now: where that is undecided, it goes into the error
/// queue. What a person asked for is sent.
fn doubt<'a>(other: &Other, item: &'a NewItem, duplicates: Duplicates) -> Option<&'a Outcome> {
    let is_sent = duplicates == Duplicates::Request || !other.by_rule;
    let outcome = item.failed.as_ref().filter(|_| !is_sent)?;
    (!other.reception.is_same_content(&item.reception)).then_some(outcome)
}

/// Microseconds that an item may wait for silence.
fn longest_wait(item: &NewItem, now: Timestamp) -> Option<i64> {
    let latest = item.latest?;
    Some(latest.micros().saturating_sub(now.micros()))
}

/// The state that a new item begins in.
fn state_of(item: &NewItem) -> State {
    match (&item.failed, item.not_before) {
        (Some(_), _) => State::Failure,
        (None, Some(_)) => State::Scheduled,
        (None, None) => State::Pending,
    }
}

fn insert(
    conn: &Connection,
    item: &NewItem,
    destination: i64,
    duplicates: Duplicates,
    now: Timestamp,
) -> Result<()> {
    let group = group(item);
    let failed = item.failed.as_ref();
    let state = state_of(item);
    let own_due = match state {
        State::Scheduled if group.is_none() => item
            .not_before
            .map(|due| due.min(item.latest.unwrap_or(NEVER))),
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
        item.ids.instance,
        item.ids.study,
        item.ids.series,
        item.ids.patient,
        item.ids.sop_instance_uid,
        item.rule,
        item.remote_aet,
        item.reception.file,
        item.reception.digest,
        item.reception.repeated,
        duplicates == Duplicates::Earlier,
        item.place,
    ])?;
    Ok(())
}
