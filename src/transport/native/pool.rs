//! Associations between two batches.
//!
//! Invariants:
//! - An association is in one hand at a time: a worker's, or the pool's. None is leaked: what the pool holds is
//!   released after [`KEEP`], at a stop, or when another calling AET or address needs its place. One that a group has
//!   to itself is kept until the group's end instead.
//! - A receiver that serves one association at a time still serves all the workers: one that has waited long for an
//!   answer takes over what another one gives back, before that one takes it again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::association::Association;
use super::contexts::Conversion;
use crate::failpoint;
use parking_lot::{Condvar, Mutex, MutexGuard};

/// How long an association is kept open for the next group.
pub const KEEP: Duration = Duration::from_secs(3);
/// After so long a worker that waits for a new association may take over one that is in use between two batches.
const ENTITLED: Duration = Duration::from_secs(1);
/// What lies unused for so long is taken over by anybody who waits.
const SPARE: Duration = Duration::from_millis(100);
/// For all the releases of a stop together.
const STOP_PATIENCE: Duration = Duration::from_millis(100);

/// Between whom an association is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Symbolic name in `DicomModalities`.
    pub modality: String,
    pub calling_aet: String,
    pub called_aet: String,
    pub host: String,
    pub port: u16,
    pub tls: bool,
    /// What is proposed depends on it.
    pub conversion: Conversion,
    /// Seconds.
    pub timeout: u32,
}

/// What an association is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub key: Key,
    /// The group that has it to itself; `None`: whichever comes.
    pub group: Option<String>,
}

#[derive(Default)]
pub struct Pool {
    state: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Default)]
struct Kept {
    stopped: bool,
    idle: Vec<Idle>,
    /// Workers that have waited long enough to be served first, by key.
    entitled: HashMap<Place, usize>,
}

struct Idle {
    place: Place,
    since: Instant,
    association: Association,
}

impl Idle {
    /// Whichever group may have it next.
    fn is_shared(&self) -> bool {
        self.place.group.is_none()
    }
}

/// One that waits for a new association; entitled to another one after a while.
pub struct Waiter {
    pool: Arc<Pool>,
    place: Place,
    entitled: AtomicBool,
}

impl Pool {
    /// An association that is still alive, if there is one that nobody else waits for.
    pub fn take(&self, place: &Place) -> Option<Association> {
        loop {
            let found = {
                let mut state = self.lock();
                let promised = state.entitled.get(place).copied().unwrap_or(0);
                let own = |idle: &Idle| idle.place == *place;
                if state.idle.iter().filter(|idle| own(idle)).count() <= promised {
                    return None;
                }
                // The one that was used last is the least likely to have been closed.
                let last = state.idle.iter().rposition(own)?;
                state.idle.remove(last).association
            };
            if found.is_alive() {
                return Some(found);
            }
            // Closed by the receiver meanwhile, which is its right.
            found.leave();
        }
    }

    /// Takes one over for somebody who is entitled to it.
    pub fn take_over(&self, place: &Place) -> Option<Association> {
        let mut state = self.lock();
        let index = state
            .idle
            .iter()
            .position(|idle| idle.place == *place && idle.association.is_alive())?;
        Some(state.idle.remove(index).association)
    }

    /// Keeps an association for the next batch.
    pub fn give(&self, place: Place, association: Association) {
        let mut state = self.lock();
        if state.stopped {
            drop(state);
            association.release_within(STOP_PATIENCE);
            return;
        }
        state.idle.push(Idle {
            place,
            since: Instant::now(),
            association,
        });
        drop(state);
        self.changed.notify_all();
    }

    /// Releases what lies unused for this modality, but for one who would be at `place`: an association of another kind
    /// needs its place. What a group has to itself is in use.
    pub fn make_room(&self, modality: &str, place: Option<&Place>) {
        let group = place.and_then(|place| place.group.as_ref());
        self.release(|idle| {
            idle.place.key.modality == modality
                && (idle.is_shared() || idle.place.group.as_ref() == group)
                && Some(&idle.place) != place
        });
    }

    /// Releases what a group had to itself.
    pub fn end_group(&self, modality: &str, group: &str) {
        self.release(|idle| {
            idle.place.key.modality == modality && idle.place.group.as_deref() == Some(group)
        });
    }

    fn release(&self, which: impl Fn(&Idle) -> bool) {
        for association in self.remove(which) {
            association.release();
        }
    }

    /// Begins to wait for a new association.
    pub fn wait_for(self: &Arc<Self>, place: &Place) -> Waiter {
        Waiter {
            pool: self.clone(),
            place: place.clone(),
            entitled: AtomicBool::new(false),
        }
    }

    /// Releases what was not used for a while, until [`Pool::stop`].
    pub fn tidy(&self) {
        loop {
            let mut state = self.lock();
            loop {
                if state.stopped {
                    return;
                }
                let shared = state.idle.iter().filter(|idle| idle.is_shared());
                let oldest = shared.map(|idle| idle.since).min();
                let wait =
                    oldest.map(|since| (since + KEEP).saturating_duration_since(Instant::now()));
                match wait {
                    None => self.changed.wait(&mut state),
                    Some(wait) if wait.is_zero() => break,
                    Some(wait) => drop(self.changed.wait_for(&mut state, wait)),
                }
            }
            drop(state);
            failpoint::panic_in("sq-release");
            for association in self.remove(|idle| idle.is_shared() && idle.since.elapsed() >= KEEP)
            {
                association.release();
            }
        }
    }

    /// Releases everything; what is given back later is released at once.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
        let end = Instant::now() + STOP_PATIENCE;
        for association in self.remove(|_| true) {
            let left = end.saturating_duration_since(Instant::now());
            association.release_within(left.max(Duration::from_millis(1)));
        }
    }

    fn remove(&self, which: impl Fn(&Idle) -> bool) -> Vec<Association> {
        let mut state = self.lock();
        let mut removed = Vec::new();
        let mut kept = Vec::new();
        for idle in state.idle.drain(..) {
            if which(&idle) {
                removed.push(idle.association);
            } else {
                kept.push(idle);
            }
        }
        state.idle = kept;
        removed
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.state.lock()
    }
}

impl Waiter {
    /// Whether this one should take over what lies in the pool, having waited for so long.
    pub fn should_take_over(&self, waited: Duration) -> bool {
        let mut state = self.pool.lock();
        if waited >= ENTITLED && !self.entitled.swap(true, Ordering::Relaxed) {
            *state.entitled.entry(self.place.clone()).or_default() += 1;
        }
        let entitled = self.entitled.load(Ordering::Relaxed);
        state.idle.iter().any(|idle| {
            idle.place == self.place
                && (entitled || idle.since.elapsed() >= SPARE)
                && idle.association.is_alive()
        })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if !self.entitled.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.pool.lock();
        if let Some(count) = state.entitled.get_mut(&self.place) {
            *count -= 1;
            if *count == 0 {
                state.entitled.remove(&self.place);
            }
        }
    }
}
