//! What is wrong with the database: told once for all who meet it, with its end.
//!
//! Invariants:
//! - However many workers meet a fault, and however often, it is one line; another kind of fault meanwhile is one more.
//! - It is over when something was really written ([`Faults::wrote`]: a verb may succeed that found nothing to do) and
//!   nothing failed for some seconds: on a full disk small writes succeed between those that fail.

use std::mem::{Discriminant, discriminant};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::item::{Clock, SystemClock};
use crate::store::{Fault, StoreError};
use parking_lot::{Mutex, MutexGuard};

/// Longer than the pause after which a worker tries again.
const CALM: Duration = Duration::from_secs(5);

pub struct Faults {
    calm: Duration,
    /// So that nothing is locked while all is well.
    any: AtomicBool,
    state: Mutex<Option<Spell>>,
}

struct Spell {
    fault: Fault,
    began: Instant,
    last: Instant,
    failed: u64,
    told: Vec<Discriminant<StoreError>>,
}

impl Default for Faults {
    fn default() -> Self {
        Faults::new(CALM)
    }
}

impl Faults {
    pub fn new(calm: Duration) -> Faults {
        Faults {
            calm,
            any: AtomicBool::default(),
            state: Mutex::default(),
        }
    }

    /// Something could not be done.
    pub fn failed(&self, error: &StoreError) {
        let mut guard = self.lock();
        self.any.store(true, Ordering::Release);
        let now = Instant::now();
        let state = guard.get_or_insert_with(|| Spell {
            fault: Fault {
                since: SystemClock.now(),
                error: String::new(),
            },
            began: now,
            last: now,
            failed: 0,
            told: Vec::new(),
        });
        state.last = now;
        state.failed += 1;
        state.fault.error = error.to_string();
        let kind = discriminant(error);
        if !state.told.contains(&kind) {
            state.told.push(kind);
            log::error!("the queue cannot be worked on, trying on; nothing is lost: {error}");
        }
    }

    /// Something was written.
    pub fn wrote(&self) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let mut state = self.lock();
        if let Some(over) = state.take_if(|state| state.last.elapsed() >= self.calm) {
            self.any.store(false, Ordering::Release);
            drop(state);
            log::warn!(
                "the queue can be worked on again, after {} s ({} attempts had failed)",
                (over.last - over.began).as_secs(),
                over.failed
            );
        }
    }

    /// Whether only a write is missing to say that it is over.
    pub fn may_be_over(&self) -> bool {
        self.any.load(Ordering::Acquire)
            && self
                .lock()
                .as_ref()
                .is_some_and(|state| state.last.elapsed() >= self.calm)
    }

    pub fn current(&self) -> Option<Fault> {
        self.lock().as_ref().map(|state| state.fault.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Spell>> {
        self.state.lock()
    }
}
