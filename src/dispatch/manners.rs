//! How a destination behaves while it is reachable, and how much it is trusted with at once.
//!
//! Invariants:
//! - Pure: the time is passed in.
//! - A destination that was interrupted, silent or busy gets one instance at a time, further and further apart,
//!   until it answers: it can neither burn the attempts of a whole queue nor hold what
//!   all destinations share.

use std::time::Duration;

use crate::item::Timestamp;
use crate::transport::Standing;

const FRESH_BATCH: u32 = 10;
/// How long a batch should take where destinations share something.
const BATCH_SECONDS: f64 = 2.0;
const SLOWEST_TRIAL: f64 = 60.0;

#[derive(Debug, Clone, PartialEq)]
pub struct Manners {
    standing: Standing,
    strikes: u32,
    not_before: Timestamp,
    seconds_per_instance: f64,
}

impl Default for Manners {
    fn default() -> Self {
        Manners {
            standing: Standing::Fresh,
            strikes: 0,
            not_before: Timestamp::default(),
            seconds_per_instance: 0.0,
        }
    }
}

impl Manners {
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// When the next trial may begin; in the past for one that is in good standing.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Most instances to hand over at once. `shared`: other destinations wait for the same threads.
    pub fn batch(&self, most: u32, shared: bool) -> u32 {
        match self.standing {
            Standing::Suspect => 1,
            Standing::Fresh => most.min(FRESH_BATCH),
            Standing::Good if shared && self.seconds_per_instance > 0.0 => {
                // `as` saturates.
                ((BATCH_SECONDS / self.seconds_per_instance) as u32).clamp(1, most)
            }
            Standing::Good => most,
        }
    }

    /// `count` instances were answered in `took`.
    pub fn answered(&mut self, count: usize, took: Duration) {
        self.standing = Standing::Good;
        self.strikes = 0;
        self.not_before = Timestamp::default();
        if count > 0 {
            let now = took.as_secs_f64() / count as f64;
            self.seconds_per_instance = if self.seconds_per_instance == 0.0 {
                now
            } else {
                0.5 * (self.seconds_per_instance + now)
            };
        }
    }

    /// A delivery was interrupted, or the destination was busy: the first trial comes at once, the
    /// next ones after 1, 2, 4 … 60 s.
    pub fn misbehaved(&mut self, now: Timestamp) {
        self.standing = Standing::Suspect;
        let wait = match self.strikes {
            0 => 0.0,
            strikes => 2f64.powi(strikes.min(16) as i32 - 1).min(SLOWEST_TRIAL),
        };
        self.strikes = self.strikes.saturating_add(1);
        self.not_before = now.plus_seconds(wait);
    }

    /// A person wants it tried now.
    pub fn hurry(&mut self) {
        self.not_before = Timestamp::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspect_gets_single_trials_further_and_further_apart() {
        let mut manners = Manners::default();
        manners.answered(10, Duration::from_secs(1));
        assert_eq!(manners.batch(100, false), 100);
        let now = Timestamp::from_micros(1_000_000);
        let mut waits = Vec::new();
        for _ in 0..9 {
            manners.misbehaved(now);
            assert_eq!(manners.batch(100, false), 1);
            waits.push(manners.not_before().since(now).as_secs());
        }
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        manners.answered(1, Duration::from_secs(1));
        assert_eq!(manners.standing(), Standing::Good);
        assert!(manners.not_before() < now);
    }

    #[test]
    fn a_slow_destination_gets_small_batches_where_threads_are_shared() {
        let mut manners = Manners::default();
        assert_eq!(manners.batch(100, true), 10);
        manners.answered(10, Duration::from_secs(5));
        assert_eq!(manners.batch(100, true), 4);
        assert_eq!(manners.batch(100, false), 100);
        for _ in 0..20 {
            manners.answered(4, Duration::from_secs(40));
        }
        assert_eq!(manners.batch(100, true), 1);
    }
}
