//! Memory for the instances that are in flight, all destinations together.
//!
//! Invariants:
//! - What is in flight fits into the budget, but for a single instance that is larger than all of it and goes alone,
//!   and for what an instance turns out to need beyond what was asked for: that is never waited for, since whoever
//!   waits with something in his hands may be waited for himself. The others wait until it is given back.
//! - Whoever waits is served in turn, so that a large one is not passed by small ones for ever.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex, MutexGuard};

pub struct Budget {
    state: Mutex<Ledger>,
    changed: Condvar,
}

#[derive(Default)]
struct Ledger {
    total: u64,
    used: u64,
    stopped: bool,
    next: u64,
    waiting: VecDeque<u64>,
}

impl Ledger {
    /// Whether these bytes are free; of more than all of it, all of it is.
    fn has_room(&self, bytes: u64) -> bool {
        self.used.saturating_add(bytes.min(self.total)) <= self.total
    }
}

/// A part of the budget, given back on drop.
pub struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(256 * 1024 * 1024)
    }
}

impl Budget {
    /// `total`: bytes.
    pub fn new(total: u64) -> Budget {
        Budget {
            state: Mutex::new(Ledger {
                total,
                ..Ledger::default()
            }),
            changed: Condvar::new(),
        }
    }

    /// Another total from now on, in bytes. What was taken stays so.
    pub fn set(&self, total: u64) {
        self.lock().total = total;
        self.changed.notify_all();
    }

    /// Waits until `bytes` are free. `None`: stopped.
    pub fn take(&self, bytes: u64) -> Option<Share<'_>> {
        let mut state = self.lock();
        let ticket = state.next;
        state.next += 1;
        state.waiting.push_back(ticket);
        while !state.stopped && (state.waiting.front() != Some(&ticket) || !state.has_room(bytes)) {
            self.changed.wait(&mut state);
        }
        state.waiting.retain(|one| *one != ticket);
        let stopped = state.stopped;
        let bytes = bytes.min(state.total);
        if !stopped {
            state.used += bytes;
        }
        drop(state);
        self.changed.notify_all();
        (!stopped).then_some(Share {
            budget: self,
            bytes,
        })
    }

    /// `bytes` if they are free and nobody waits.
    pub fn try_take(&self, bytes: u64) -> Option<Share<'_>> {
        let mut state = self.lock();
        let free = state.used.checked_add(bytes)? <= state.total;
        if state.stopped || !free || !state.waiting.is_empty() {
            return None;
        }
        state.used += bytes;
        Some(Share {
            budget: self,
            bytes,
        })
    }

    /// Ends all waiting.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.state.lock()
    }
}

impl Share<'_> {
    /// Counts as at least so many bytes from now on.
    pub fn hold(&mut self, bytes: u64) {
        let mut state = self.budget.lock();
        let more = bytes.min(state.total).saturating_sub(self.bytes);
        state.used = state.used.saturating_add(more);
        self.bytes += more;
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        state.used = state.used.saturating_sub(self.bytes);
        drop(state);
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_larger_than_the_budget_goes_alone() {
        let budget = Budget::new(100);
        let huge = budget.take(1000).unwrap();
        std::thread::scope(|scope| {
            let small = scope.spawn(|| budget.take(1).is_some());
            assert!(!small.is_finished());
            drop(huge);
            assert!(small.join().unwrap());
        });
    }

    #[test]
    fn what_one_needs_beyond_its_share_is_waited_for_by_the_others() {
        let budget = Budget::new(100);
        let mut first = budget.take(60).unwrap();
        let mut second = budget.take(30).unwrap();
        // Less is nothing, more is counted at once, but for what is larger than all.
        first.hold(10);
        assert_eq!(budget.lock().used, 90);
        first.hold(80);
        second.hold(1000);
        assert_eq!(budget.lock().used, 180);
        assert!(budget.try_take(1).is_none());
        std::thread::scope(|scope| {
            let third = scope.spawn(|| budget.take(20).is_some());
            drop(second);
            assert!(third.join().unwrap());
        });
        drop(first);
        assert_eq!(budget.lock().used, 0);
    }

    #[test]
    fn many_threads_never_hold_more_than_the_total() {
        const TOTAL: u64 = 100;
        let budget = Budget::new(TOTAL);
        let held = std::sync::atomic::AtomicU64::new(0);
        let most = std::sync::atomic::AtomicU64::new(0);
        let (budget, held, most) = (&budget, &held, &most);
        let order = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for thread in 0..8u64 {
                scope.spawn(move || {
                    for turn in 0..500u64 {
                        // Some are larger than all of it.
                        let bytes = 1 + (thread * 7919 + turn * 104_729) % 130;
                        let share = budget.take(bytes).unwrap();
                        let now = held.fetch_add(bytes.min(TOTAL), order) + bytes.min(TOTAL);
                        most.fetch_max(now, order);
                        std::thread::yield_now();
                        held.fetch_sub(bytes.min(TOTAL), order);
                        drop(share);
                    }
                });
            }
        });
        let most = most.load(order);
        assert!(most <= TOTAL, "{most} bytes at once");
        assert_eq!(budget.lock().used, 0);
        assert!(budget.lock().waiting.is_empty());
    }

    #[test]
    fn another_total_holds_for_who_waits_too() {
        let budget = Budget::new(100);
        let all = budget.take(100).unwrap();
        std::thread::scope(|scope| {
            let more = scope.spawn(|| budget.take(50).is_some());
            budget.set(150);
            assert!(more.join().unwrap());
        });
        // One that waits for more than there is since goes alone.
        std::thread::scope(|scope| {
            let huge = scope.spawn(|| budget.take(150).map(|share| share.bytes));
            budget.set(10);
            assert!(budget.try_take(1).is_none());
            drop(all);
            assert_eq!(huge.join().unwrap(), Some(10));
        });
        assert_eq!(budget.lock().used, 0);
    }

    #[test]
    fn stopping_ends_the_waiting() {
        let budget = Budget::new(100);
        let all = budget.take(100).unwrap();
        std::thread::scope(|scope| {
            let more = scope.spawn(|| budget.take(1).is_none());
            budget.stop();
            assert!(more.join().unwrap());
        });
        drop(all);
        assert!(budget.take(1).is_none());
    }
}
