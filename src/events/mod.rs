//! Tells other systems what happened (`Events`): makes the rows of the outbox whole, and hands them to who reads.
//!
//! ```text
//!   arrival, dispatch ─► outbox (in their own transactions) ─► whole ─┬─► feed ─► GET /sendqueue/events
//!                                                                     └─► courier ─► Events.Webhook
//! ```
//!
//! Invariants:
//! - Neither arrival nor sending waits for it: what an instance says of itself is asked from Orthanc afterwards, here.
//! - Rows become whole in their order. One that Orthanc cannot describe, while it describes others, holds them up for
//!   [`GIVE_UP`] rounds; then it is told without what is missing, with the reason: told in the log, and counted.
//! - Nothing is told of an instance's tags but those that are asked for (G10).

pub mod courier;
pub mod envelope;
pub mod feed;
pub mod orthanc;
pub mod whole;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use self::feed::Feed;
use self::whole::{Ask, Whole};
use crate::config::Current;
use crate::failpoint;
use crate::item::{Announcement, Clock, Timestamp};
use crate::service::{Bell, Service};
use crate::store::{Announced, Outbox, Result};

pub const NAME: &str = "sq-events";

/// Rows that are made whole at once.
const STEP: u32 = 100;
/// Studies that are told of in one transaction: each looks at all of its items.
const STUDIES: u32 = 10;
/// How soon something new is seen.
const LOOK: Duration = Duration::from_millis(250);
/// The same while nobody is told of anything, and after a fault.
const REST: Duration = Duration::from_secs(2);
/// Rounds, two seconds apart, after which a row that cannot be made whole is told as it is.
pub const GIVE_UP: u32 = 30;
/// Rows that are removed in one transaction.
const ROWS: u32 = 1000;
/// Days that rows are kept once nobody is told of anything any more.
const DAYS_WITHOUT: u32 = 7;
/// Years after which a study that is told of again begins anew with its revisions.
const YEARS_OF_REVISIONS: f64 = 3.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
/// Between two looks for what is old.
const BETWEEN_FORGETTING: f64 = 60.0;

/// Whether Orthanc is asked for what it tells.
fn asks(part: &Announced) -> bool {
    let kinds = [
        Announcement::InstanceDelivered,
        Announcement::InstanceFailed,
    ];
    !kinds.contains(&part.kind)
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There may be more to do at once.
    More,
    Idle,
    /// Orthanc cannot be asked now.
    Held,
}

pub struct Parts {
    pub store: Arc<dyn Outbox>,
    pub settings: Arc<Current>,
    pub clock: Arc<dyn Clock>,
    pub orthanc: Box<dyn Ask>,
}

pub struct Teller {
    parts: Parts,
    pub feed: Feed,
    bell: Bell,
    /// Whether what the settings say is not written yet.
    unannounced: Mutex<bool>,
    /// Of rows behind one that is not known yet.
    ready: Mutex<BTreeMap<i64, String>>,
    /// How often each row could not be made whole.
    failed: Mutex<HashMap<i64, u32>>,
    /// Rows that were told without what Orthanc could not say.
    incomplete: AtomicU64,
    /// Events that went before their days were over.
    dropped: AtomicU64,
    forget_next: Mutex<Timestamp>,
}

impl Teller {
    pub fn new(parts: Parts) -> Teller {
        Teller {
            parts,
            feed: Feed::default(),
            bell: Bell::default(),
            unannounced: Mutex::new(true),
            ready: Mutex::default(),
            failed: Mutex::default(),
            incomplete: AtomicU64::default(),
            dropped: AtomicU64::default(),
            forget_next: Mutex::default(),
        }
    }

    /// Rows that were told without what Orthanc could not say, since the start.
    pub fn incomplete(&self) -> u64 {
        self.incomplete.load(Ordering::Relaxed)
    }

    /// Events that went before their days were over, since there were too many, since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// From now on what the settings say is written: before anything arrives, and after each change of the settings.
    /// Where the store cannot do that now, it is done as soon as it can.
    pub fn announce(&self) {
        *self.unannounced.lock() = true;
        // A fault is told by the store itself.
        let _ = self.announce_now();
    }

    fn announce_now(&self) -> Result<()> {
        let mut unannounced = self.unannounced.lock();
        if !*unannounced {
            return Ok(());
        }
        let settings = self.parts.settings.get();
        let (store, now) = (&self.parts.store, self.parts.clock.now());
        match &settings.events {
            Some(events) => {
                let quiet_us = i64::from(events.quiet_seconds) * 1_000_000;
                store.announce(&events.on, quiet_us, now)?;
            }
            None => store.announce(&[], 0, now)?,
        }
        *unannounced = false;
        Ok(())
    }

    /// One round.
    pub fn step(&self) -> Result<Step> {
        self.announce_now()?;
        let store = &self.parts.store;
        let now = self.parts.clock.now();
        let is_due = store.next_conclusion()?.is_some_and(|due| due <= now);
        let concluded = is_due && store.conclude(now, STUDIES)? > 0;
        let parts = store.parts(STEP)?;
        let count = parts.len();
        let done = self.whole(parts)?;
        if !done.is_empty() {
            failpoint::pass("events");
        }
        store.complete(&done)?;
        if let Some(last) = done.keys().next_back() {
            self.failed.lock().retain(|position, _| position > last);
        }
        self.feed.reached(store.outgoing()?.whole);
        self.forget(now)?;
        Ok(match done.len() {
            done if done < count => Step::Held,
            done if done == STEP as usize || concluded => Step::More,
            _ => Step::Idle,
        })
    }

    /// All that is told of each, up to the first of which that is not known now.
    fn whole(&self, parts: Vec<Announced>) -> Result<BTreeMap<i64, String>> {
        let settings = self.parts.settings.get();
        let events = settings.events.as_ref();
        let outgoing = self.parts.store.outgoing()?;
        let most = events.map_or(u64::MAX, |events| events.max_events);
        let is_flood = (outgoing.last - outgoing.whole).unsigned_abs() > most;
        let whole = Whole {
            events,
            orthanc: self.parts.orthanc.as_ref(),
            ahead: self.parts.clock.ahead(),
        };
        let mut ready = self.ready.lock();
        let (mut failed, mut answers) = (Vec::new(), false);
        for part in &parts {
            if self.bell.is_stopped() {
                break;
            }
            if ready.contains_key(&part.position) {
                continue;
            }
            let data = match is_flood {
                true => Ok(whole.without(part, "there are more events than Events.MaxEvents")),
                false => whole.of(part),
            };
            match data {
                Ok(data) => {
                    answers |= asks(part);
                    ready.insert(part.position, data.to_string());
                }
                Err(why) => failed.push((part, why)),
            }
        }
        // Where nobody could be asked about, Orthanc may be the matter.
        if !failed.is_empty() && (answers || self.parts.orthanc.is_well()) {
            for (part, why) in failed {
                if self.is_given_up(part.position, &why) {
                    let data = whole.without(part, &why);
                    ready.insert(part.position, data.to_string());
                }
            }
        }
        let mut done = BTreeMap::new();
        for part in &parts {
            match ready.remove(&part.position) {
                Some(data) => done.insert(part.position, data),
                None => break,
            };
        }
        Ok(done)
    }

    fn is_given_up(&self, position: i64, why: &str) -> bool {
        let mut failed = self.failed.lock();
        let rounds = failed.entry(position).or_insert(0);
        *rounds += 1;
        if *rounds < GIVE_UP {
            return false;
        }
        self.incomplete.fetch_add(1, Ordering::Relaxed);
        log::error!("event {position} is told without what Orthanc cannot say: {why}");
        true
    }

    fn forget(&self, now: Timestamp) -> Result<()> {
        let mut next = self.forget_next.lock();
        if now < *next {
            return Ok(());
        }
        let settings = self.parts.settings.get();
        let days = (settings.events.as_ref()).map_or(DAYS_WITHOUT, |events| events.keep_days);
        // What may turn out not to have passed removes nothing: that could not be taken back.
        let horizon = now
            .plus_seconds(-self.parts.clock.uncertain().as_secs_f64())
            .plus_seconds(-SECONDS_PER_DAY * f64::from(days));
        let store = &self.parts.store;
        let years = -SECONDS_PER_DAY * 365.25 * YEARS_OF_REVISIONS;
        let gone = store.forget_announced(horizon, ROWS)? + self.bound()?;
        let forgotten = store.forget_revisions(horizon.plus_seconds(years), ROWS)?;
        if gone < u64::from(ROWS) && forgotten < u64::from(ROWS) {
            *next = now.plus_seconds(BETWEEN_FORGETTING);
        }
        Ok(())
    }
}

impl Teller {
    /// Keeps the number of events within its bound, whatever their age: the disk is the queue's.
    fn bound(&self) -> Result<u64> {
        let settings = self.parts.settings.get();
        let Some(events) = &settings.events else {
            return Ok(0);
        };
        let store = &self.parts.store;
        let outgoing = store.outgoing()?;
        let most = i64::try_from(events.max_events).unwrap_or(i64::MAX);
        let over = outgoing.whole.saturating_sub(most);
        if outgoing.first == 0 || over < outgoing.first {
            return Ok(0);
        }
        let gone = store.forget_up_to(over, ROWS)?;
        if self.dropped.fetch_add(gone, Ordering::Relaxed) == 0 {
            log::error!(
                "events go before Events.KeepDays are over: there are more than Events.MaxEvents ({most}); further \
                 ones are only counted"
            );
        }
        Ok(gone)
    }
}

impl Service for Teller {
    fn run(&self) {
        loop {
            failpoint::panic_in(NAME);
            // A fault is told by the store itself, and the step is made again.
            let pause = match self.step() {
                Ok(Step::More) => Duration::ZERO,
                Ok(Step::Idle) if self.parts.settings.get().events.is_some() => LOOK,
                Ok(Step::Idle | Step::Held) | Err(_) => REST,
            };
            if self.bell.pause(pause) {
                return;
            }
        }
    }

    fn stop(&self) {
        self.bell.stop();
        self.feed.stop();
    }
}
