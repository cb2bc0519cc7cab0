//! What was learnt of a receiver by sending to it, so that it is not learnt anew with each instance.
//!
//! Invariants:
//! - In memory, and for [`KEEP`] only: a receiver that was mended gets its due again.
//! - Nothing here decides what becomes of an item: what is not known, or known wrongly, costs time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pool::Key;

/// How long something is believed.
const KEEP: Duration = Duration::from_secs(3600);
/// So often in a row a receiver ends an association after one answer until that is its habit.
const SURE: u8 = 2;

#[derive(Default)]
pub struct Habits {
    known: Mutex<HashMap<Key, Known>>,
}

struct Known {
    since: Instant,
    /// It has answered twice over one association.
    goes_on: bool,
    /// Associations in a row that it ended after one answer.
    singles: u8,
}

/// Whether a second instance can go over an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    Yes,
    /// Not known yet: worth a moment's look whether the receiver ends it.
    Perhaps,
    /// The receiver takes one instance per association.
    No,
}

impl Habits {
    pub fn second(&self, key: &Key) -> Second {
        match self.lock().get(key) {
            Some(known) if known.since.elapsed() >= KEEP => Second::Perhaps,
            Some(known) if known.goes_on => Second::Yes,
            Some(known) if known.singles >= SURE => Second::No,
            _ => Second::Perhaps,
        }
    }

    /// So many requests were answered over an association.
    pub fn answered(&self, key: &Key, count: u32) {
        if count == 2 && self.second(key) != Second::Yes {
            self.learn(key, |known| {
                known.goes_on = true;
                known.singles = 0;
            });
        }
    }

    /// The receiver ended an association, by closing it or asking for its release, after so many answers.
    pub fn ended(&self, key: &Key, answers: u32) {
        if answers == 1 {
            self.learn(key, |known| {
                known.goes_on = false;
                known.singles = known.singles.saturating_add(1);
            });
        }
    }

    fn learn(&self, key: &Key, change: impl FnOnce(&mut Known)) {
        let mut known = self.lock();
        known.retain(|_, one| one.since.elapsed() < KEEP);
        let now = Instant::now();
        let one = known.entry(key.clone()).or_insert(Known {
            since: now,
            goes_on: false,
            singles: 0,
        });
        change(one);
        one.since = now;
        if one.singles == SURE {
            log::info!(
                "{}: the receiver ends each association after one instance; each gets one of its own",
                key.destination
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
