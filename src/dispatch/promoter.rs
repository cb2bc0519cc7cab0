//! What time alone does to items (by the queue's own clock): quiet periods and back-offs end, items expire, what cannot
//! be confirmed is given up, history is pruned.
//!
//! Invariants:
//! - Each step is small, so that the writer is never held for long.
//! - A fault of the store, which tells of it itself, is tried again; it never ends the thread.
//! - What was moved and not told to its lane, because of a panic between the two, is told when the service is run anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::Lanes;
use super::hours::HourBook;
use super::timekeeper::Timekeeper;
use super::waits::Waits;
use crate::failpoint;
use crate::item::{Clock, Timestamp};
use crate::service::{Bell, Service, Woken};
use crate::store::{Followed, Notifier, Result, Store};

/// Most items moved in one transaction.
const STEP: u32 = 1000;
/// Longest and shortest pause between two rounds.
const SLOWEST: Duration = Duration::from_secs(1);
const FASTEST: Duration = Duration::from_millis(50);
/// How often it is looked at what is configured, and at what waits though nobody said so.
const REVIEW_MICROS: i64 = 10_000_000;
const SECONDS_PER_DAY: f64 = 86_400.0;
/// Seconds after which what cannot be asked for is given up, beyond its own time.
const GIVEN_UP_SECONDS: f64 = 30.0 * SECONDS_PER_DAY;

pub struct Promoter {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    lanes: Arc<Lanes>,
    timekeeper: Timekeeper,
    hour_book: HourBook,
    bell: Bell,
    /// When it was looked last at what is configured and what waits.
    reviewed: AtomicI64,
    /// Destinations that are not configured, and have items; `None`: Orthanc could not be asked yet.
    absent: Mutex<Option<Vec<String>>>,
    waits: Mutex<Waits>,
}

impl Promoter {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, lanes: Arc<Lanes>) -> Promoter {
        Promoter {
            hour_book: HourBook::new(clock.now()),
            store,
            clock,
            lanes,
            timekeeper: Timekeeper::default(),
            bell: Bell::default(),
            reviewed: AtomicI64::new(i64::MIN),
            absent: Mutex::default(),
            waits: Mutex::default(),
        }
    }

    pub fn timekeeper(&self) -> &Timekeeper {
        &self.timekeeper
    }

    pub fn hour_book(&self) -> &HourBook {
        &self.hour_book
    }

    /// Since when its oldest item waits, which was made then.
    pub fn waiting_since(&self, destination: &str, oldest: Option<Timestamp>) -> Option<Timestamp> {
        self.waits.lock().since(destination, oldest)
    }

    pub fn lanes(&self) -> &Arc<Lanes> {
        &self.lanes
    }

    /// What is configured in Orthanc has changed.
    pub fn review(&self) {
        self.reviewed.store(i64::MIN, Ordering::Relaxed);
        self.poke();
    }

    /// Something may have become due earlier than known.
    pub fn poke(&self) {
        self.bell.ring();
    }

    /// Moves all that is due now; answers when the next item will be.
    pub fn round(&self) -> Result<Option<Timestamp>> {
        self.timekeeper
            .look(self.clock.as_ref(), self.store.as_ref(), &self.lanes)?;
        failpoint::panic_in("sq-promote");
        let now = self.clock.now();
        loop {
            let names = self.store.promote(now, STEP)?;
            if names.is_empty() {
                break;
            }
            failpoint::panic_in("sq-promote.moved");
            for name in names {
                self.lanes.poke(&name);
            }
        }
        self.review_lanes(now)?;
        if self.spare_absent(now)? {
            self.expire(now)?;
        }
        let history_days = self.lanes.settings().history_days;
        // What may turn out not to have passed removes nothing: that could not be taken back.
        let horizon = now
            .plus_seconds(-self.clock.uncertain().as_secs_f64())
            .plus_seconds(-SECONDS_PER_DAY * f64::from(history_days));
        while self.store.prune(horizon, STEP)? == u64::from(STEP) {}
        let hour_book = self
            .hour_book
            .look(self.clock.as_ref(), self.store.as_ref(), &self.lanes);
        // Nothing waits for it.
        if let Err(error) = hour_book {
            log::debug!("the hours' figures cannot be written now: {error}");
        }
        self.store.tidy()?;
        self.store.next_due()
    }

    /// Looks at what is configured and what waits.
    fn review_lanes(&self, now: Timestamp) -> Result<()> {
        let last = self.reviewed.load(Ordering::Relaxed);
        if now.micros() < last.saturating_add(REVIEW_MICROS) {
            return Ok(());
        }
        let records = self.store.destinations()?;
        let waiting = records
            .iter()
            .map(|one| (one.name.as_str(), one.oldest_pending));
        self.waits.lock().look(waiting, now);
        // Before it is asked what is configured: a change of that from now on is another review.
        self.reviewed.store(now.micros(), Ordering::Relaxed);
        if let Some(absent) = self.lanes.review(&records) {
            *self.absent.lock() = Some(absent);
        }
        for record in records.iter().filter(|one| one.confirming.waiting > 0) {
            self.end_follow_ups(&record.name, now)?;
        }
        Ok(())
    }

    /// What is to be confirmed by a destination that is not to be asked any more, or that could not be asked for long
    /// (it is paused, away, or gone), is over: nothing waits for ever.
    fn end_follow_ups(&self, name: &str, now: Timestamp) -> Result<()> {
        let settings = self.lanes.settings();
        let (before, followed) = match &settings.destination(name).confirm {
            None => (None, Followed::Dropped),
            Some(confirm) => {
                let longest = f64::from(confirm.delay) + f64::from(confirm.timeout);
                let details =
                    "it was acknowledged, and could not be asked for for a month".to_owned();
                (
                    Some(now.plus_seconds(-longest - GIVEN_UP_SECONDS)),
                    Followed::TimedOut { details },
                )
            }
        };
        // The rest by the next review.
        let count = self.store.end_follow_ups(name, before, &followed, STEP)?;
        if count > 0 {
            log::warn!("{name}: {count} deliveries are not to be confirmed any more");
        }
        Ok(())
    }

    /// What waits for a destination that is not configured does not expire: each time that it would, it gets another
    /// day. `false`: it is not known yet which those are.
    fn spare_absent(&self, now: Timestamp) -> Result<bool> {
        let Some(absent) = self.absent.lock().clone() else {
            return Ok(false);
        };
        for name in absent {
            let until = now.plus_seconds(SECONDS_PER_DAY);
            while self.store.put_off(&name, now, until, STEP)? == u64::from(STEP) {}
        }
        Ok(true)
    }

    fn expire(&self, now: Timestamp) -> Result<()> {
        loop {
            let expired = self.store.expire(now, STEP)?;
            if expired > 0 {
                log::warn!("{expired} items expired unsent and wait in the error queue");
            }
            if expired < u64::from(STEP) {
                return Ok(());
            }
        }
    }
}

impl Notifier for Promoter {
    fn ready(&self, destination: &str) {
        self.lanes.poke(destination);
    }

    fn timed(&self) {
        self.poke();
    }
}

impl Service for Promoter {
    fn run(&self) {
        self.reviewed.store(i64::MIN, Ordering::Relaxed);
        loop {
            let pause = match self.round() {
                Ok(due) => {
                    let now = self.clock.now();
                    due.map_or(SLOWEST, |due| due.since(now).clamp(FASTEST, SLOWEST))
                }
                Err(error) => {
                    log::debug!("due items cannot be moved: {error}");
                    SLOWEST
                }
            };
            if self.bell.wait(pause) == Woken::Stopped {
                break;
            }
        }
        self.timekeeper
            .end(self.clock.as_ref(), self.store.as_ref());
        self.hour_book
            .end(self.clock.as_ref(), self.store.as_ref(), &self.lanes);
    }

    fn stop(&self) {
        self.bell.stop();
    }
}
