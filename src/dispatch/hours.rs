//! Each hour's figures for charts of days, and the end of what is too old for the journal.
//!
//! Invariants:
//! - A delivery adds to what its lane has in memory. Once a minute that is written, outside of its way.
//! - What was sent is counted once, whatever becomes of the items later: what cannot be written now is kept for the
//!   next time. After a sudden end it is what came to rest since the last time; what was on its way at that moment may
//!   be counted twice, or was pruned before.
//! - What fails is counted by the store, in the transaction in which it does.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;

use super::Lanes;
use crate::item::{Clock, Timestamp};
use crate::store::{Hour, MOST_ENTRIES, Result, Store};

/// Seconds between two times.
const STEP_SECONDS: f64 = 60.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
const HOUR_MICROS: i64 = 3_600_000_000;
const MINUTES_PER_HOUR: i64 = 60;
/// Most that is removed in one transaction.
const STEP: u32 = 1000;
/// For so long whoever looks waits for one that is being written.
const PATIENCE: Duration = Duration::from_millis(100);

/// What was sent in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    pub instances: u64,
    pub bytes: u64,
}

impl Sent {
    pub fn add(&mut self, other: Sent) {
        self.instances += other.instances;
        self.bytes += other.bytes;
    }
}

/// By hour since 1970.
pub type Hours = BTreeMap<i64, Sent>;

/// The hour of a time.
pub fn hour_of(time: Timestamp) -> i64 {
    time.micros().div_euclid(HOUR_MICROS)
}

pub struct HourBook {
    /// Before anything was sent by this process.
    begun: Timestamp,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What an earlier process had not written is.
    caught_up: bool,
    written: Option<Timestamp>,
    /// By destination, taken from the lanes and not written yet.
    owed: BTreeMap<String, Hours>,
    told_full: bool,
}

impl State {
    fn take(&mut self, lanes: &Lanes) {
        for (name, hours) in lanes.take_hours() {
            let owed = self.owed.entry(name).or_default();
            for (hour, sent) in hours {
                owed.entry(hour).or_default().add(sent);
            }
        }
    }

    fn hours(&self) -> Vec<Hour> {
        let all = self.owed.iter();
        all.flat_map(|(name, hours)| {
            hours
                .iter()
                .map(move |(hour, sent)| made(name, *hour, *sent))
        })
        .collect()
    }
}

fn made(destination: &str, hour: i64, sent: Sent) -> Hour {
    Hour {
        destination: destination.to_owned(),
        hour,
        sent: sent.instances,
        bytes: sent.bytes,
        failed: 0,
    }
}

impl HourBook {
    pub fn new(begun: Timestamp) -> HourBook {
        HourBook {
            begun,
            state: Mutex::default(),
        }
    }

    /// Once a minute: writes what there is, and removes what is too old.
    pub fn look(&self, clock: &dyn Clock, store: &dyn Store, lanes: &Lanes) -> Result<()> {
        let now = clock.now();
        let mut state = self.state.lock();
        let is_due = |last: Timestamp| now >= last.plus_seconds(STEP_SECONDS);
        if !state.written.is_none_or(is_due) {
            return Ok(());
        }
        if !state.caught_up {
            self.catch_up(store)?;
            state.caught_up = true;
        }
        state.take(lanes);
        store.count_hours(&state.hours(), now)?;
        state.owed.clear();
        state.written = Some(now);
        let days = lanes.settings().history_days.max(1);
        // What may turn out not to have passed removes nothing.
        let horizon = now
            .plus_seconds(-clock.uncertain().as_secs_f64())
            .plus_seconds(-SECONDS_PER_DAY * f64::from(days));
        forget(&mut state, store, horizon)
    }

    /// The last time before a stop. What is sent after it is found by the next start.
    pub fn end(&self, clock: &dyn Clock, store: &dyn Store, lanes: &Lanes) {
        self.state.lock().written = None;
        if let Err(error) = self.look(clock, store, lanes) {
            log::debug!("the last hour's figures could not be written: {error}");
        }
    }

    /// With what is not written yet.
    pub fn hours(
        &self,
        store: &dyn Store,
        lanes: &Lanes,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Hour>> {
        let Some(mut state) = self.state.try_lock_for(PATIENCE) else {
            return store.hours(from, until);
        };
        state.take(lanes);
        let mut hours = store.hours(from, until)?;
        let wanted = hour_of(from)..=hour_of(until);
        hours.extend((state.hours().into_iter()).filter(|one| wanted.contains(&one.hour)));
        Ok(hours)
    }

    /// What came to rest between the last time of an earlier process and the begin of this one.
    fn catch_up(&self, store: &dyn Store) -> Result<()> {
        let from = store.counted_until()?;
        if from >= self.begun {
            return Ok(());
        }
        let mut all: BTreeMap<(String, i64), Sent> = BTreeMap::new();
        for one in store.at_rest(from, self.begun)? {
            let hour = one.minute.div_euclid(MINUTES_PER_HOUR);
            let sent = Sent {
                instances: one.sent,
                bytes: one.bytes,
            };
            all.entry((one.destination, hour)).or_default().add(sent);
        }
        let hours: Vec<Hour> = (all.iter())
            .map(|((name, hour), sent)| made(name, *hour, *sent))
            .collect();
        store.count_hours(&hours, self.begun)
    }
}

fn forget(state: &mut State, store: &dyn Store, horizon: Timestamp) -> Result<()> {
    loop {
        let forgotten = store.forget_before(horizon, MOST_ENTRIES, STEP)?;
        if forgotten.over > 0 && !std::mem::replace(&mut state.told_full, true) {
            log::warn!(
                "the journal is full: entries go before their time, those of what was done to items first"
            );
        }
        if forgotten.old.max(forgotten.over) < u64::from(STEP) {
            return Ok(());
        }
    }
}
