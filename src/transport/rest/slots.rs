//! Who may use Orthanc's jobs engine: it has `ConcurrentJobs` threads (default 2) for all destinations.
//!
//! Invariants:
//! - Never more of our jobs than threads of the engine: a job that merely waits in the engine would
//!   hide behind another destination's (G4).
//! - As soon as there is more than one destination, none holds all the threads, and those that
//!   last failed hold together at most all but one: a destination that hangs cannot take the
//!   last one from those that work.
//! - Among those that may, the one that holds the fewest goes first, then the one that waits longest.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::transport::Standing;
use parking_lot::{Condvar, Mutex, MutexGuard};

/// The threads of the jobs engine.
pub struct JobSlots {
    total: usize,
    state: Mutex<Occupancy>,
    changed: Condvar,
    /// One for each destination that may need a thread, and this one.
    sharers: Sharer,
}

/// Keeps a destination among those that share the engine.
pub type Sharer = Arc<()>;

#[derive(Default)]
struct Occupancy {
    stopped: bool,
    next_ticket: u64,
    holders: BTreeMap<String, Vec<Standing>>,
    waiting: Vec<Waiter>,
}

struct Waiter {
    ticket: u64,
    destination: String,
    standing: Standing,
}

/// A thread of the jobs engine, given back on drop.
pub struct Slot<'a> {
    slots: &'a JobSlots,
    destination: String,
    standing: Standing,
}

impl JobSlots {
    /// `total`: `ConcurrentJobs`, at least 1.
    pub fn new(total: usize) -> JobSlots {
        JobSlots {
            total: total.max(1),
            state: Mutex::new(Occupancy::default()),
            changed: Condvar::new(),
            sharers: Sharer::default(),
        }
    }

    /// From now on one destination more shares the engine, until this is dropped.
    pub fn share(&self) -> Sharer {
        self.sharers.clone()
    }

    /// Whether more than one destination may need a thread.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.sharers) > 2
    }

    /// Ends all waiting: [`JobSlots::acquire`] then answers `None`.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Waits for a thread of the engine. `None`: stopped.
    pub fn acquire(&self, destination: &str, standing: Standing) -> Option<Slot<'_>> {
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push(Waiter {
            ticket,
            destination: destination.to_owned(),
            standing,
        });
        loop {
            if state.stopped || state.next(self.total, self.is_shared()) == Some(ticket) {
                break;
            }
            self.changed.wait(&mut state);
        }
        state.waiting.retain(|waiter| waiter.ticket != ticket);
        let stopped = state.stopped;
        if !stopped {
            state
                .holders
                .entry(destination.to_owned())
                .or_default()
                .push(standing);
        }
        drop(state);
        // The next one may be able to go as well.
        self.changed.notify_all();
        (!stopped).then(|| Slot {
            slots: self,
            destination: destination.to_owned(),
            standing,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Occupancy> {
        self.state.lock()
    }
}

impl Occupancy {
    /// Whose turn it is.
    fn next(&self, total: usize, several: bool) -> Option<u64> {
        let used: usize = self.holders.values().map(Vec::len).sum();
        if used >= total {
            return None;
        }
        let shared = several && total > 1;
        let suspects = self
            .holders
            .values()
            .flatten()
            .filter(|standing| **standing == Standing::Suspect)
            .count();
        self.waiting
            .iter()
            .filter(|waiter| {
                let held = self.held(&waiter.destination);
                let most = match waiter.standing {
                    Standing::Good if shared => total - 1,
                    Standing::Good => total,
                    Standing::Fresh | Standing::Suspect => 1,
                };
                held < most
                    && !(shared && waiter.standing == Standing::Suspect && suspects >= total - 1)
            })
            .min_by_key(|waiter| (self.held(&waiter.destination), waiter.ticket))
            .map(|waiter| waiter.ticket)
    }

    fn held(&self, destination: &str) -> usize {
        self.holders.get(destination).map_or(0, Vec::len)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        if let Some(held) = state.holders.get_mut(&self.destination) {
            if let Some(at) = held.iter().position(|one| *one == self.standing) {
                held.swap_remove(at);
            }
            if held.is_empty() {
                state.holders.remove(&self.destination);
            }
        }
        drop(state);
        self.slots.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(held: &[(&str, Standing)], waiting: &[(&str, Standing)]) -> Occupancy {
        let mut state = Occupancy::default();
        for (name, standing) in held {
            state
                .holders
                .entry((*name).to_owned())
                .or_default()
                .push(*standing);
        }
        for (ticket, (name, standing)) in waiting.iter().enumerate() {
            state.waiting.push(Waiter {
                ticket: ticket as u64,
                destination: (*name).to_owned(),
                standing: *standing,
            });
        }
        state
    }

    use Standing::{Fresh, Good, Suspect};

    #[test]
    fn a_lone_destination_may_use_every_thread() {
        assert_eq!(
            state(&[("a", Good)], &[("a", Good)]).next(2, false),
            Some(0)
        );
        assert_eq!(
            state(&[("a", Good), ("a", Good)], &[("a", Good)]).next(2, false),
            None
        );
    }

    #[test]
    fn none_holds_all_threads_when_there_are_several() {
        assert_eq!(state(&[("a", Good)], &[("a", Good)]).next(2, true), None);
        assert_eq!(
            state(&[("a", Good)], &[("a", Good), ("b", Good)]).next(2, true),
            Some(1)
        );
    }

    #[test]
    fn suspects_never_take_the_last_thread() {
        let held = [("a", Suspect)];
        assert_eq!(state(&held, &[("b", Suspect)]).next(2, true), None);
        assert_eq!(
            state(&held, &[("b", Suspect), ("c", Good)]).next(2, true),
            Some(1)
        );
        assert_eq!(
            state(&held, &[("b", Suspect), ("c", Fresh)]).next(2, true),
            Some(1)
        );
    }

    #[test]
    fn whoever_holds_fewest_goes_first() {
        let held = [("a", Good)];
        let waiting = [("a", Good), ("b", Good), ("c", Fresh)];
        assert_eq!(state(&held, &waiting).next(4, true), Some(1));
    }

    #[test]
    fn one_thread_is_shared_by_turns() {
        assert_eq!(
            state(&[], &[("a", Suspect), ("b", Good)]).next(1, true),
            Some(0)
        );
    }

    #[test]
    fn a_slot_is_given_back_and_stopping_wakes_the_waiting() {
        let slots = JobSlots::new(1);
        let first = slots.acquire("a", Good);
        assert!(first.is_some());
        std::thread::scope(|scope| {
            let second = scope.spawn(|| slots.acquire("b", Good).is_some());
            drop(first);
            assert!(second.join().unwrap());
            let held = slots.acquire("a", Good);
            let third = scope.spawn(|| slots.acquire("b", Good).is_some());
            slots.stop();
            assert!(!third.join().unwrap());
            drop(held);
        });
    }
}
