//! How long callbacks took: counts by duration, cheap enough for the callback itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets in microseconds; what is longer falls into a last one.
pub const BOUNDS: [u64; 14] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000,
];

#[derive(Default)]
pub struct Timing {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    longest: AtomicU64,
    /// Nanoseconds.
    sum: AtomicU64,
}

impl Timing {
    pub fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS.partition_point(|bound| *bound < micros);
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.longest.fetch_max(micros, Ordering::Relaxed);
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.buckets().iter().sum()
    }

    /// How many there were in each bucket of [`BOUNDS`], and beyond.
    pub fn buckets(&self) -> [u64; BOUNDS.len() + 1] {
        std::array::from_fn(|at| self.buckets[at].load(Ordering::Relaxed))
    }

    /// Of all together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum.load(Ordering::Relaxed))
    }

    /// Microseconds that this share (0..1) of the callbacks did not exceed: the bucket's upper bound. 0: there were
    /// none.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, bound) in self.buckets.iter().zip(BOUNDS) {
            seen += bucket.load(Ordering::Relaxed);
            if seen >= wanted {
                return if seen == 0 { 0 } else { bound };
            }
        }
        self.longest()
    }

    /// Microseconds of the longest.
    pub fn longest(&self) -> u64 {
        self.longest.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_upper_bounds() {
        let timing = Timing::default();
        assert_eq!(timing.quantile(0.5), 0);
        for micros in [1, 3, 3, 40, 999_999] {
            timing.add(Duration::from_micros(micros));
        }
        assert_eq!(timing.count(), 5);
        assert_eq!(timing.quantile(0.5), 5);
        assert_eq!(timing.quantile(0.8), 50);
        assert_eq!(timing.quantile(0.99), 999_999);
        assert_eq!(timing.longest(), 999_999);
        assert_eq!(timing.sum(), Duration::from_micros(1_000_046));
        let mut buckets = [0; BOUNDS.len() + 1];
        (buckets[0], buckets[2], buckets[5], buckets[BOUNDS.len()]) = (1, 2, 1, 1);
        assert_eq!(timing.buckets(), buckets);
    }
}
