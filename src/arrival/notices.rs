//! What the callback hands over: the identifiers of instances that have just been stored.
//!
//! Invariants:
//! - Handing over never waits for disk, REST or another thread's work: a short lock, a copy, a wake.
//! - Bounded: past [`MOST`] the identifier is dropped and counted. Nothing is lost by that: Orthanc's `/changes` has it, and
//!   the reconciler then looks through the studies as if the changes had been deleted.

use std::collections::VecDeque;
use std::time::Duration;

use super::timing::Timing;
use crate::item::Timestamp;
use parking_lot::{Condvar, Mutex, MutexGuard};

/// Most identifiers kept: at some 100 bytes each, a few megabytes.
pub const MOST: usize = 50_000;

/// An instance that Orthanc says it has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub instance: String,
    pub time: Timestamp,
}

#[derive(Default)]
pub struct Notices {
    state: Mutex<State>,
    wake: Condvar,
    timing: Timing,
}

#[derive(Default)]
struct State {
    stopped: bool,
    woken: bool,
    overflowed: bool,
    waiting: VecDeque<Notice>,
}

/// Why the reconciler should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    Stopped,
    Look,
    TimeOver,
}

impl Notices {
    /// From the callback.
    pub fn put(&self, instance: &str, time: Timestamp) {
        let notice = Notice {
            instance: instance.to_owned(),
            time,
        };
        let mut state = self.lock();
        if state.waiting.len() < MOST {
            state.waiting.push_back(notice);
        } else {
            state.overflowed = true;
        }
        let first = !std::mem::replace(&mut state.woken, true);
        drop(state);
        if first {
            self.wake.notify_all();
        }
    }

    /// How long the callbacks took.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// All that were handed over so far, and whether some were dropped.
    pub fn take(&self) -> (Vec<Notice>, bool) {
        let mut state = self.lock();
        let overflowed = std::mem::take(&mut state.overflowed);
        (state.waiting.drain(..).collect(), overflowed)
    }

    /// Looks at once.
    pub fn poke(&self) {
        self.lock().woken = true;
        self.wake.notify_all();
    }

    pub fn stop(&self) {
        self.lock().stopped = true;
        self.wake.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits until something was handed over, at most `timeout`.
    pub fn wait(&self, timeout: Duration) -> Wake {
        let mut state = self.lock();
        self.wake
            .wait_while_for(&mut state, |state| !state.stopped && !state.woken, timeout);
        if state.stopped {
            Wake::Stopped
        } else if std::mem::take(&mut state.woken) {
            Wake::Look
        } else {
            Wake::TimeOver
        }
    }

    /// A pause that only a stop cuts short.
    pub fn linger(&self, pause: Duration) {
        let mut state = self.lock();
        self.wake
            .wait_while_for(&mut state, |state| !state.stopped, pause);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_between_looking_and_waiting_is_not_lost() {
        let notices = Notices::default();
        notices.put("a", Timestamp::default());
        assert_eq!(notices.wait(Duration::ZERO), Wake::Look);
        assert_eq!(notices.wait(Duration::ZERO), Wake::TimeOver);
        assert_eq!(notices.take().0.len(), 1);
        notices.stop();
        assert_eq!(notices.wait(Duration::from_secs(3600)), Wake::Stopped);
    }

    #[test]
    fn past_its_bound_it_drops_and_says_so() {
        let notices = Notices::default();
        for _ in 0..=MOST {
            notices.put("a", Timestamp::default());
        }
        let (kept, overflowed) = notices.take();
        assert_eq!(kept.len(), MOST);
        assert!(overflowed);
        assert!(!notices.take().1);
    }
}
