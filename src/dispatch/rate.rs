//! Instances, or bytes, per second over the last minute.

use crate::item::Timestamp;

const SECONDS: usize = 60;

/// Counts of the last sixty seconds.
#[derive(Debug, Clone)]
pub struct Rate {
    buckets: [u64; SECONDS],
    /// The second (since 1970) of the newest bucket.
    newest: i64,
}

impl Default for Rate {
    fn default() -> Self {
        Rate {
            buckets: [0; SECONDS],
            newest: 0,
        }
    }
}

impl Rate {
    pub fn add(&mut self, now: Timestamp, count: u64) {
        self.advance(now);
        self.buckets[slot(self.newest)] += count;
    }

    pub fn per_second(&mut self, now: Timestamp) -> f64 {
        self.advance(now);
        self.buckets.iter().sum::<u64>() as f64 / SECONDS as f64
    }

    fn advance(&mut self, now: Timestamp) {
        let second = now.micros().div_euclid(1_000_000);
        if second - self.newest >= SECONDS as i64 {
            self.buckets = [0; SECONDS];
            self.newest = second;
        }
        while self.newest < second {
            self.newest += 1;
            self.buckets[slot(self.newest)] = 0;
        }
    }
}

fn slot(second: i64) -> usize {
    second.rem_euclid(SECONDS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let mut rate = Rate::default();
        let start = Timestamp::from_micros(1_000_000_000_000);
        rate.add(start, 60);
        rate.add(start.plus_seconds(30.0), 60);
        assert_eq!(rate.per_second(start.plus_seconds(59.0)), 2.0);
        assert_eq!(rate.per_second(start.plus_seconds(60.0)), 1.0);
        assert_eq!(rate.per_second(start.plus_seconds(1000.0)), 0.0);
    }
}
