//! What the callback hands over: the identifiers of instances that have just been stored.
//!
//! Invariants:
//! - Handing over never waits for disk, REST or another thread's work: a short lock, a copy, a wake.
//! - Bounded: past [`MOST`] the identifier is dropped and counted. Nothing is lost by that: Orthanc's `/changes` has
//!   it, and the reconciler then looks through the studies as if the changes had been deleted.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::timing::Timing;
use crate::item::Timestamp;
use crate::service::Bell;

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
    waiting: Mutex<Waiting>,
    bell: Bell,
    timing: Timing,
}

#[derive(Default)]
struct Waiting {
    overflowed: bool,
    notices: VecDeque<Notice>,
}

impl Notices {
    /// From the callback.
    pub fn put(&self, instance: &str, time: Timestamp) {
        let notice = Notice {
            instance: instance.to_owned(),
            time,
        };
        let mut waiting = self.waiting.lock();
        if waiting.notices.len() < MOST {
            waiting.notices.push_back(notice);
        } else {
            waiting.overflowed = true;
        }
        drop(waiting);
        self.bell.ring();
    }

    /// Rings when something was handed over; ends with the service.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// How long the callbacks took.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// All that were handed over so far, and whether some were dropped.
    pub fn take(&self) -> (Vec<Notice>, bool) {
        let mut waiting = self.waiting.lock();
        let overflowed = std::mem::take(&mut waiting.overflowed);
        (waiting.notices.drain(..).collect(), overflowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
