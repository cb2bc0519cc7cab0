//! From events to messages that may go: at most one a minute for each destination and kind.
//!
//! Invariants:
//! - Pure: the time is passed in.
//! - Every event is in exactly one message, or counted as left out.
//! - Of a destination's outages and their ends one message is on its way, and where both are collected they are told
//!   together: so the last word can be the true one.
//! - While a message is on its way (it may take a day), what happens to the same destination is collected: memory grows
//!   with the number of destinations only, and that up to [`MOST`] pairs of destination and kind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::watch::{Cause, Event};
use crate::config::settings::AlertKind;
use crate::item::{Ahead, Timestamp};

/// Between two messages of the same destination and kind.
pub const INTERVAL: Duration = Duration::from_secs(60);
/// How long failures, and what comes back, are collected before the first message: that is one study within seconds.
pub const GATHER: Duration = Duration::from_secs(5);
/// Pairs of destination and kind with something to tell.
pub const MOST: usize = 4000;

/// What one message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// Its name; of a source, its AET.
    pub destination: String,
    pub kind: AlertKind,
    /// Outages, failed items, changes of a backlog, or instances that came back.
    pub count: u64,
    /// When the outage or the backlog began, the first failure or the first that came back was seen, or what came last
    /// from a source, if that is known.
    pub since: Option<Timestamp>,
    /// When the last outage was seen to have ended.
    pub until: Option<Timestamp>,
    /// Failed items by their cause.
    pub causes: BTreeMap<Cause, u64>,
    /// The last that was seen of a backlog is its end.
    pub over: bool,
    /// Not before this.
    earliest: Timestamp,
}

impl Gathered {
    /// With the times that the machine's clock says.
    pub fn by_the_wall(&self, ahead: Ahead) -> Gathered {
        let wall = |time: Option<Timestamp>| time.map(|time| ahead.wall(time));
        Gathered {
            since: wall(self.since),
            until: wall(self.until),
            ..self.clone()
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Slot {
    gathered: Option<Gathered>,
    /// When the last message was made.
    told: Option<Timestamp>,
    on_its_way: bool,
    /// The receiver does not want it: nothing waits for it.
    refused: bool,
}

impl Slot {
    /// Whether its last message was made less than a minute ago.
    fn rests(&self, now: Timestamp) -> bool {
        self.told.is_some_and(|told| now.since(told) < INTERVAL)
    }

    /// Whether the other one of its pair must wait for it: it is on its way, or collected and not due.
    fn holds(&self, now: Timestamp) -> bool {
        if self.on_its_way {
            return !self.refused;
        }
        self.gathered.is_some() && !self.is_due(now)
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let collected = |gathered: &Gathered| gathered.earliest <= now;
        !self.on_its_way && !self.rests(now) && self.gathered.as_ref().is_some_and(collected)
    }
}

type Key = (String, AlertKind);

/// An outage and its end belong together.
fn other_of_pair(kind: AlertKind) -> Option<AlertKind> {
    match kind {
        AlertKind::DestinationUnreachable => Some(AlertKind::DestinationBack),
        AlertKind::DestinationBack => Some(AlertKind::DestinationUnreachable),
        AlertKind::SourceSilent => Some(AlertKind::SourceBack),
        AlertKind::SourceBack => Some(AlertKind::SourceSilent),
        AlertKind::Failure
        | AlertKind::Backlog
        | AlertKind::OwnOutput
        | AlertKind::NotConfirmed => None,
    }
}

#[derive(Debug, Clone)]
pub struct Collector {
    on: Vec<AlertKind>,
    slots: BTreeMap<Key, Slot>,
    left_out: u64,
}

impl Collector {
    pub fn new(on: &[AlertKind]) -> Collector {
        Collector {
            on: on.to_vec(),
            slots: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// From now on these are collected. What was collected stays.
    pub fn set_kinds(&mut self, on: &[AlertKind]) {
        if self.on != on {
            self.on = on.to_vec();
        }
    }

    pub fn add(&mut self, destination: &str, event: &Event, now: Timestamp) {
        let (kind, count) = match event {
            Event::Unreachable { outages, .. } => (AlertKind::DestinationUnreachable, *outages),
            Event::Back { outages, .. } => (AlertKind::DestinationBack, *outages),
            Event::Failure { count, .. } => (AlertKind::Failure, *count),
            Event::BacklogBegun | Event::BacklogOver { .. } => (AlertKind::Backlog, 1),
            Event::Silent { .. } => (AlertKind::SourceSilent, 1),
            Event::Heard { .. } => (AlertKind::SourceBack, 1),
            Event::OwnOutput { count } => (AlertKind::OwnOutput, *count),
            Event::NotConfirmed { count } => (AlertKind::NotConfirmed, *count),
        };
        if !self.on.contains(&kind) {
            return;
        }
        let key = (destination.to_owned(), kind);
        if self.slots.len() >= MOST && !self.slots.contains_key(&key) {
            self.left_out += count;
            return;
        }
        let slot = self.slots.entry(key).or_default();
        let gathered = slot.gathered.get_or_insert_with(|| Gathered {
            destination: destination.to_owned(),
            kind,
            count: 0,
            since: None,
            until: None,
            causes: BTreeMap::new(),
            over: false,
            earliest: match kind {
                AlertKind::Failure | AlertKind::OwnOutput | AlertKind::NotConfirmed => {
                    now.plus(GATHER)
                }
                _ => now,
            },
        });
        gathered.count += count;
        match event {
            // The outage that lasts is the one to act upon.
            Event::Unreachable { since, .. } => gathered.since = *since,
            Event::Back { since, .. } => {
                gathered.since = gathered.since.or(*since);
                gathered.until = Some(now);
            }
            Event::Failure { cause, count } => {
                gathered.since = gathered.since.or(Some(now));
                *gathered.causes.entry(*cause).or_default() += count;
            }
            Event::OwnOutput { .. } | Event::NotConfirmed { .. } => {
                gathered.since = gathered.since.or(Some(now));
            }
            Event::BacklogBegun => {
                gathered.over = false;
                gathered.since = Some(now);
            }
            Event::BacklogOver { since } => {
                gathered.over = true;
                gathered.since = Some(*since);
            }
            Event::Silent { last } => gathered.since = *last,
            Event::Heard { last } => {
                gathered.since = gathered.since.or(*last);
                gathered.until = Some(now);
            }
        }
    }

    /// What may be told now; it is on its way until [`Collector::settled`].
    pub fn take_due(&mut self, now: Timestamp) -> Vec<Gathered> {
        let held: BTreeSet<Key> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.holds(now))
            .map(|(key, _)| key.clone())
            .collect();
        let mut due = Vec::new();
        self.slots.retain(|(destination, kind), slot| {
            let other = other_of_pair(*kind).map(|other| (destination.clone(), other));
            let follows = other.is_some_and(|other| held.contains(&other));
            if slot.is_due(now) && !follows {
                due.extend(slot.gathered.take());
                slot.told = Some(now);
                slot.on_its_way = true;
                slot.refused = false;
            }
            slot.on_its_way || slot.gathered.is_some() || slot.rests(now)
        });
        due
    }

    /// The message of this destination and kind was refused: it is tried again, but the other of its pair does not wait
    /// for it.
    pub fn refused(&mut self, destination: &str, kind: AlertKind) {
        if let Some(slot) = self.slots.get_mut(&(destination.to_owned(), kind)) {
            slot.refused = true;
        }
    }

    /// The message of this destination and kind was delivered or given up.
    pub fn settled(&mut self, destination: &str, kind: AlertKind) {
        if let Some(slot) = self.slots.get_mut(&(destination.to_owned(), kind)) {
            slot.on_its_way = false;
        }
    }

    /// Events that did not fit since the last call.
    pub fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }

    /// Messages that are collected and not made yet.
    pub fn len(&self) -> u64 {
        let waiting = self.slots.values().filter(|slot| slot.gathered.is_some());
        waiting.count() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
