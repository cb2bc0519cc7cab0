//! Bytes per second to one destination, over all its associations.
//!
//! Invariants:
//! - Pure: the time is passed in.
//! - A burst is at most one instance: the bucket holds no credit, an instance is paid for after it was let go.

use crate::item::Timestamp;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Throttle {
    next: Timestamp,
}

impl Throttle {
    /// When the next instance may go; in the past if it may go now.
    pub fn next(&self) -> Timestamp {
        self.next
    }

    /// An instance of `bytes` goes now.
    pub fn spend(&mut self, bytes: u64, bytes_per_second: u64, now: Timestamp) {
        if bytes_per_second > 0 {
            let seconds = bytes as f64 / bytes_per_second as f64;
            self.next = self.next.max(now).plus_seconds(seconds);
        }
    }

    /// `bytes` that were spent did not go after all.
    pub fn refund(&mut self, bytes: u64, bytes_per_second: u64) {
        if bytes_per_second > 0 {
            let seconds = bytes as f64 / bytes_per_second as f64;
            self.next = self.next.plus_seconds(-seconds);
        }
    }

    /// A person wants it to go now.
    pub fn forgive(&mut self) {
        self.next = Timestamp::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_time_the_rate_is_kept_and_idling_earns_nothing() {
        let mut throttle = Throttle::default();
        let mut now = Timestamp::from_micros(1_000_000_000);
        let begun = now;
        for _ in 0..100 {
            now = now.max(throttle.next());
            throttle.spend(500_000, 1_000_000, now);
        }
        assert_eq!(throttle.next().since(begun).as_secs(), 50);
        let later = now.plus_seconds(3600.0);
        throttle.spend(500_000, 1_000_000, later);
        assert_eq!(throttle.next().since(later).as_millis(), 500);
    }

    #[test]
    fn what_did_not_go_is_not_owed() {
        let mut throttle = Throttle::default();
        let now = Timestamp::from_micros(10_000_000_000);
        throttle.spend(3_000_000, 1_000_000, now);
        throttle.spend(5_000_000, 1_000_000, now);
        throttle.refund(5_000_000, 1_000_000);
        assert_eq!(throttle.next(), now.plus_seconds(3.0));
    }

    #[test]
    fn no_limit_never_waits() {
        let mut throttle = Throttle::default();
        throttle.spend(u64::MAX, 0, Timestamp::from_micros(7));
        assert_eq!(throttle.next(), Timestamp::default());
    }
}
