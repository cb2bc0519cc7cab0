//! Waiting for a condition.
//!
//! Invariant: the condition is looked at once more after the deadline, so that a machine that stalls does not turn
//! a fulfilled condition into a failure.

use std::thread;
use std::time::{Duration, Instant};

/// Time between two looks at a condition.
const STEP: Duration = Duration::from_millis(10);

/// Looks at `condition` every 10 ms until it holds (`true`) or `deadline` has passed (`false`).
#[must_use]
pub fn poll(mut condition: impl FnMut() -> bool, deadline: Duration) -> bool {
    let end = Instant::now() + deadline;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return condition();
        }
        thread::sleep(STEP);
    }
}

/// Waits until `condition` holds; panics with `what` when `deadline` has passed.
#[track_caller]
pub fn wait_until(condition: impl FnMut() -> bool, deadline: Duration, what: &str) {
    assert!(poll(condition, deadline), "not within {deadline:?}: {what}");
}
