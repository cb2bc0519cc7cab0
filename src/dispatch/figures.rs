//! What a lane has done since the start, for the metrics.
//!
//! Invariants:
//! - Nothing falls but at a restart, which begins at 0.
//! - A result is counted once, when it is known, before it is written: whoever sees an item's new state sees it
//!   counted.

use std::time::Duration;

use crate::item::{Class, Consequence};

/// Upper bounds in seconds of the buckets of delivery times; what is longer falls into a last one. From a small
/// instance within a building to a multi-frame one over a slow line.
pub const DELIVERY_SECONDS: [f64; 14] = [
    0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0,
];

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Instances that the destination acknowledged, and the bytes of their files.
    pub sent: u64,
    pub sent_bytes: u64,
    /// Attempts after which another one is due.
    pub retries: u64,
    /// How long the acknowledged ones took, each.
    pub delivery: Histogram,
    /// What the destination said later of those that it had acknowledged.
    pub followed: FollowedUp,
    /// By class, in the order of `Class::ALL`.
    attempts: [u64; Class::ALL.len()],
}

/// Deliveries that were asked for later, by what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FollowedUp {
    pub confirmed: u64,
    pub refused: u64,
    pub timed_out: u64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    pub class: Class,
    pub next: Consequence,
    /// Size of the instance.
    pub bytes: u64,
    /// What this instance took; of a batch that tells only its end, its part of the whole time.
    pub took: Duration,
}

impl Settled {
    /// Whether the instance arrived.
    pub fn is_sent(&self) -> bool {
        self.next == Consequence::Complete
    }

    /// Whether it is in the error queue now.
    pub fn is_failed(&self) -> bool {
        self.next == Consequence::Fail
    }
}

impl Figures {
    pub fn settled(&mut self, one: &Settled) {
        // Nobody is there: that is counted once ([`Figures::unreachable`]), not for each instance that then waits.
        if one.class != Class::Unreachable {
            self.attempts[one.class as usize] += 1;
        }
        if one.is_sent() {
            self.sent += 1;
            self.sent_bytes += one.bytes;
            self.delivery.add(one.took);
        }
        self.retries += u64::from(matches!(one.next, Consequence::Retry { .. }));
    }

    /// The destination could not be reached.
    pub fn unreachable(&mut self) {
        self.attempts[Class::Unreachable as usize] += 1;
    }

    /// Attempts that ended so. `Unreachable`: times that it could not be reached, probes included.
    pub fn attempts(&self, class: Class) -> u64 {
        self.attempts[class as usize]
    }
}

/// Counts by duration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    buckets: [u64; DELIVERY_SECONDS.len() + 1],
    sum: Duration,
}

impl Histogram {
    fn add(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let at = DELIVERY_SECONDS.partition_point(|bound| *bound < seconds);
        self.buckets[at] += 1;
        self.sum = self.sum.saturating_add(duration);
    }

    /// How many there were in each bucket of [`DELIVERY_SECONDS`], and beyond.
    pub fn buckets(&self) -> &[u64] {
        &self.buckets
    }

    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Timestamp;

    fn settled(class: Class, next: Consequence, millis: u64) -> Settled {
        Settled {
            class,
            next,
            bytes: 10,
            took: Duration::from_millis(millis),
        }
    }

    #[test]
    fn each_class_counts_for_itself() {
        let mut figures = Figures::default();
        let at = Timestamp::from_micros(1);
        figures.settled(&settled(Class::Success, Consequence::Complete, 4));
        figures.settled(&settled(Class::Warning, Consequence::Complete, 5));
        figures.settled(&settled(Class::Busy, Consequence::Retry { at }, 6));
        figures.settled(&settled(Class::Rejected, Consequence::Fail, 7));
        figures.settled(&settled(Class::Unreachable, Consequence::Release, 8));
        figures.unreachable();
        assert_eq!((figures.sent, figures.sent_bytes), (2, 20));
        assert_eq!(figures.retries, 1);
        for class in Class::ALL {
            let expected = matches!(
                class,
                Class::Success
                    | Class::Warning
                    | Class::Busy
                    | Class::Rejected
                    | Class::Unreachable
            );
            assert_eq!(figures.attempts(class), u64::from(expected), "{class}");
        }
    }

    #[test]
    fn only_what_arrived_has_a_delivery_time() {
        let mut figures = Figures::default();
        for millis in [0, 5, 6, 59_000, 61_000] {
            figures.settled(&settled(Class::Success, Consequence::Complete, millis));
        }
        figures.settled(&settled(Class::Rejected, Consequence::Fail, 1));
        // A bound belongs to its bucket.
        let mut expected = [0; DELIVERY_SECONDS.len() + 1];
        expected[0] = 2;
        expected[1] = 1;
        expected[DELIVERY_SECONDS.len() - 1] = 1;
        expected[DELIVERY_SECONDS.len()] = 1;
        assert_eq!(figures.delivery.buckets(), expected);
        assert_eq!(figures.delivery.sum(), Duration::from_millis(120_011));
    }

    #[test]
    fn classes_are_where_their_number_says() {
        for (at, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, at, "{class}");
        }
    }
}
