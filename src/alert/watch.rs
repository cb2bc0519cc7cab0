//! From counters to events: what is new since the last look.
//!
//! Invariants:
//! - Pure: the counters and the time are passed in.
//! - Events add up: over any sequence of looks, the outages and failures that were told are those that the counters
//!   rose by, and each outage that is told as over was told as begun.
//! - A counter that falls (another database, an item that was removed) is the new beginning, never an event.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::sources::SourceLook;
use crate::config::settings::Window;
use crate::dispatch::{LaneStatus, windows};
use crate::item::{Ahead, Class, Timestamp};
use crate::store::DestinationRecord;
use crate::verdict::Limits;

/// Why items failed: the class, and the status where that says why.
pub type Cause = (Class, Option<u16>);

/// What is seen of a destination at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    pub destination: String,
    pub unreachable_since: Option<Timestamp>,
    /// Outages ever.
    pub outages: u64,
    pub paused: bool,
    pub outside_window: bool,
    /// What waits since then is late ([`windows::late`]).
    pub late: Option<Timestamp>,
    /// Items still to be sent.
    pub open: u64,
    /// Since when the oldest of them waits, which for one that was replayed or redirected is after it was made.
    pub oldest: Option<Timestamp>,
    /// Items that ever entered the error queue.
    pub failures: BTreeMap<Cause, u64>,
    /// Deliveries that it refused to confirm, or did not in time, since the start.
    pub not_confirmed: u64,
}

impl Look {
    /// Without failures. `lane`: absent while nothing was sent to it since the start. The record's oldest
    /// item counts since when it waits.
    pub fn new(
        record: &DestinationRecord,
        lane: Option<&LaneStatus>,
        windows: &[Window],
        backlog_seconds: u64,
        now: Timestamp,
        ahead: Ahead,
        zone: &TimeZone,
    ) -> Look {
        let wall = ahead.wall(now);
        let closed = !windows::is_open(windows, wall, zone);
        let remembered = record.outage.map(|outage| outage.since);
        Look {
            destination: record.name.clone(),
            unreachable_since: lane.map_or(remembered, |lane| lane.unreachable_since),
            outages: lane.map_or(record.outages, |lane| lane.outages),
            paused: lane.map_or(record.paused_since.is_some(), |lane| lane.paused),
            outside_window: lane.map_or(closed, |lane| lane.outside_window),
            late: record
                .oldest_pending
                .and_then(|_| windows::late(windows, now, backlog_seconds, ahead, zone)),
            open: record.counts.open(),
            oldest: record.oldest_pending,
            failures: BTreeMap::new(),
            not_confirmed: lane.map_or(0, |lane| lane.not_confirmed),
        }
    }

    /// With the times that the machine's clock says.
    pub fn by_the_wall(&self, ahead: Ahead) -> Look {
        let wall = |time: Option<Timestamp>| time.map(|time| ahead.wall(time));
        Look {
            unreachable_since: wall(self.unreachable_since),
            oldest: wall(self.oldest),
            ..self.clone()
        }
    }

    /// Age of the oldest open item, in seconds; 0 without one.
    pub fn oldest_seconds(&self, now: Timestamp) -> u64 {
        self.oldest.map_or(0, |oldest| now.since(oldest).as_secs())
    }
}

/// What happened to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// So many outages began; the last one then, if it lasts.
    Unreachable {
        outages: u64,
        since: Option<Timestamp>,
    },
    /// So many outages ended; the first of them began then, if that is known.
    Back {
        outages: u64,
        since: Option<Timestamp>,
    },
    /// So many items went into the error queue.
    Failure {
        cause: Cause,
        count: u64,
    },
    BacklogBegun,
    /// It had begun then.
    BacklogOver {
        since: Timestamp,
    },
    /// A source has not sent for too long; what came last, if anything did.
    Silent {
        last: Option<Timestamp>,
    },
    /// It sends again; what had come before the silence.
    Heard {
        last: Option<Timestamp>,
    },
    /// So many instances that the queue had sent came back from a source.
    OwnOutput {
        count: u64,
    },
    /// So many deliveries were not confirmed.
    NotConfirmed {
        count: u64,
    },
}

#[derive(Debug, Clone)]
pub struct Watch {
    limits: Limits,
    known: BTreeMap<String, Known>,
    /// Sources that were silent at the last look, each with what had come last.
    silent: BTreeMap<String, Option<Timestamp>>,
    /// By source, what had come back at the last look.
    own_outputs: BTreeMap<String, u64>,
}

/// A destination at the last look.
#[derive(Debug, Clone, Default)]
struct Known {
    unreachable: bool,
    since: Option<Timestamp>,
    outages: u64,
    failures: BTreeMap<Cause, u64>,
    backlog: Option<Timestamp>,
    not_confirmed: u64,
}

impl Watch {
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub fn new(limits: Limits) -> Watch {
        Watch {
            limits,
            known: BTreeMap::new(),
            silent: BTreeMap::new(),
            own_outputs: BTreeMap::new(),
        }
    }

    /// What was counted before is not told. What lasts is, by the next look; but of a destination that is paused: a
    /// person holds it, and knows.
    pub fn prime(&mut self, looks: &[Look], now: Timestamp) {
        for look in looks {
            let known = self.known.entry(look.destination.clone()).or_default();
            known.outages = look.outages;
            known.failures = look.failures.clone();
            known.not_confirmed = look.not_confirmed;
            if look.paused {
                known.unreachable = look.unreachable_since.is_some();
                known.since = look.unreachable_since;
                let is_backlog = is_backlog(look, self.limits, now);
                known.backlog = is_backlog.then_some(now);
            }
        }
    }

    /// What is new.
    pub fn look(&mut self, looks: &[Look], now: Timestamp) -> Vec<(String, Event)> {
        let mut events = Vec::new();
        for look in looks {
            let known = self.known.entry(look.destination.clone()).or_default();
            let mut tell = |event| events.push((look.destination.clone(), event));
            outages(known, look, &mut tell);
            failures(known, look, &mut tell);
            let count = look.not_confirmed.saturating_sub(known.not_confirmed);
            if count > 0 {
                tell(Event::NotConfirmed { count });
            }
            known.not_confirmed = look.not_confirmed;
            backlog(known, look, self.limits, now, &mut tell);
        }
        events
    }
}

impl Watch {
    /// Which sources fell silent, and which send again. One that is no longer watched is not told of.
    pub fn listen(&mut self, sources: &[SourceLook]) -> Vec<(String, Event)> {
        let before = std::mem::take(&mut self.silent);
        let mut events = Vec::new();
        for source in sources.iter().filter(|source| source.watched.is_some()) {
            let aet = source.aet.clone();
            let was_silent = before.get(&aet).copied();
            if source.silent_since.is_some() {
                // What comes while it is late anyway (a clock that is set) does not make it a new silence.
                let last = was_silent.unwrap_or(source.last);
                self.silent.insert(aet.clone(), last);
                if was_silent.is_none() {
                    events.push((aet, Event::Silent { last }));
                }
            } else if let Some(last) = was_silent {
                events.push((aet, Event::Heard { last }));
            }
        }
        events
    }
}

impl Watch {
    /// From which sources something came back that the queue had sent: by source, how much ever did.
    pub fn came_back(&mut self, counts: BTreeMap<String, u64>) -> Vec<(String, Event)> {
        let before = std::mem::replace(&mut self.own_outputs, counts);
        let new = self.own_outputs.iter().map(|(source, count)| {
            let known = before.get(source).copied().unwrap_or(0);
            (source.clone(), count.saturating_sub(known))
        });
        new.filter(|(_, count)| *count > 0)
            .map(|(source, count)| (source, Event::OwnOutput { count }))
            .collect()
    }
}

fn outages(known: &mut Known, look: &Look, tell: &mut impl FnMut(Event)) {
    let unreachable = look.unreachable_since.is_some();
    // One that lasts since before the start is not in the counter's rise.
    let began = look
        .outages
        .saturating_sub(known.outages)
        .max(u64::from(unreachable && !known.unreachable));
    let ended = began + u64::from(known.unreachable) - u64::from(unreachable);
    if began > 0 {
        tell(Event::Unreachable {
            outages: began,
            since: look.unreachable_since,
        });
    }
    if ended > 0 {
        tell(Event::Back {
            outages: ended,
            since: known.since,
        });
    }
    known.outages = look.outages;
    known.unreachable = unreachable;
    known.since = look.unreachable_since;
}

fn failures(known: &mut Known, look: &Look, tell: &mut impl FnMut(Event)) {
    for (cause, total) in &look.failures {
        let before = known.failures.get(cause).copied().unwrap_or(0);
        if *total > before {
            tell(Event::Failure {
                cause: *cause,
                count: total - before,
            });
        }
    }
    known.failures.clone_from(&look.failures);
}

fn is_backlog(look: &Look, limits: Limits, now: Timestamp) -> bool {
    limits.are_passed(look.open, look.oldest, look.late, now)
}

fn backlog(
    known: &mut Known,
    look: &Look,
    limits: Limits,
    now: Timestamp,
    tell: &mut impl FnMut(Event),
) {
    let age = look.oldest_seconds(now);
    match known.backlog {
        None => {
            if is_backlog(look, limits, now) {
                known.backlog = Some(now);
                tell(Event::BacklogBegun);
            }
        }
        Some(since) => {
            // Only at half, so that a number that swings around a limit is told once.
            let over = |limit: u64, value: u64| limit == 0 || value < limit.div_ceil(2);
            if over(limits.items, look.open) && over(limits.seconds, age) {
                known.backlog = None;
                tell(Event::BacklogOver { since });
            }
        }
    }
}
