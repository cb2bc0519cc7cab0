//! When a failed item is tried again: exponential back-off with full jitter.

use super::statuses::Statuses;
use super::time::Timestamp;

/// The setting `Retry` of a destination. Times are in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    pub max_attempts: u32,
    pub delay: f64,
    pub multiplier: f64,
    pub max_delay: f64,
    /// Whether whatever was refused is tried again.
    pub on_rejected: bool,
    /// With which statuses what was refused is tried again.
    pub on_status: Vec<Statuses>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_attempts: 10,
            delay: 30.0,
            multiplier: 2.0,
            max_delay: 600.0,
            on_rejected: false,
            on_status: Vec::new(),
        }
    }
}

impl RetryPolicy {
    /// The longest wait, in seconds, before the attempt that follows the `attempt_count`-th one.
    pub fn ceiling(&self, attempt_count: u32) -> f64 {
        let exponent = i32::try_from(attempt_count.saturating_sub(1)).unwrap_or(i32::MAX);
        let delay = self.delay * self.multiplier.powi(exponent);
        // A large exponent overflows to infinity, which the cap turns into `max_delay`.
        if delay.is_nan() {
            self.max_delay
        } else {
            delay.min(self.max_delay)
        }
    }

    /// Whether what was refused with this status is tried again.
    pub fn retries_refused(&self, status: Option<u16>) -> bool {
        let covered = |status| self.on_status.iter().any(|pattern| pattern.covers(status));
        self.on_rejected || status.is_some_and(covered)
    }

    /// When the next attempt is due. `jitter` is in 0..1: with full jitter, a thousand items
    /// that failed together do not come back together.
    pub fn due(&self, attempt_count: u32, now: Timestamp, jitter: f64) -> Timestamp {
        now.plus_seconds(self.ceiling(attempt_count) * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_its_maximum() {
        let policy = RetryPolicy::default();
        let ceilings: Vec<f64> = (1..=7).map(|n| policy.ceiling(n)).collect();
        assert_eq!(ceilings, [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0]);
        assert_eq!(policy.ceiling(u32::MAX), 600.0);
    }

    #[test]
    fn jitter_spans_the_whole_wait() {
        let policy = RetryPolicy::default();
        let now = Timestamp::from_micros(1_000_000);
        assert_eq!(policy.due(1, now, 0.0), now);
        assert_eq!(policy.due(1, now, 1.0), now.plus_seconds(30.0));
    }
}
