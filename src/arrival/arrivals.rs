//! The service: one pass of the reconciler after the other.
//!
//! Invariants:
//! - A fault is told once, shown by `health`, and tried again; it never ends the thread.
//! - After a panic everything is read from the store anew ([`Reconciler::begin_anew`]), and it is told that something
//!   may have been queued untold.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::notices::Notices;
use super::reconcile::{Parts, Reconciler};
use crate::service::{Service, Woken};

/// Pause between two passes under load, so that arrivals are taken together.
const LINGER: Duration = Duration::from_millis(25);
/// Without any wake, how often to look.
const POLL: Duration = Duration::from_secs(10);
const FAULT_PAUSE: Duration = Duration::from_secs(1);

pub struct Arrivals {
    notices: Arc<Notices>,
    /// The thread's own.
    reconciler: Mutex<Reconciler>,
}

impl Arrivals {
    pub fn new(parts: Parts) -> Arrivals {
        Arrivals {
            notices: parts.notices.clone(),
            reconciler: Mutex::new(Reconciler::new(parts)),
        }
    }
}

/// There may be something new for any destination that the store knows. Best effort: a store that cannot be asked is
/// asked again by whoever writes into it.
fn tell_of_all(parts: &Parts) {
    for record in parts.store.destinations().unwrap_or_default() {
        parts.notifier.ready(&record.name);
    }
    parts.notifier.timed();
}

impl Service for Arrivals {
    fn run(&self) {
        let mut reconciler = self.reconciler.lock();
        reconciler.begin_anew();
        tell_of_all(&reconciler.parts);
        let bell = self.notices.bell();
        let mut pause = Duration::ZERO;
        while bell.wait(pause) != Woken::Stopped {
            let pass = reconciler.pass();
            let now = reconciler.parts.clock.now();
            let progress = &reconciler.parts.progress;
            match pass {
                Ok(()) => {
                    progress.passed(now);
                    progress.tell(now);
                    bell.pause(LINGER);
                    pause = if reconciler.goes_on() {
                        Duration::ZERO
                    } else {
                        POLL
                    };
                }
                Err(error) if error.is_end() => return,
                Err(error) => {
                    progress.failed(now, error.to_string());
                    bell.pause(FAULT_PAUSE);
                    pause = Duration::ZERO;
                }
            }
        }
        reconciler.parts.progress.tell_rest();
    }

    fn stop(&self) {
        self.notices.bell().stop();
    }
}
