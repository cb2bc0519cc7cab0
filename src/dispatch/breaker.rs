//! Whether a destination can be reached, and when that is looked at again.
//!
//! Invariants:
//! - Pure: the time and the jitter are passed in.
//! - At most one probe is under way.
//! - Probes are 1 s apart at first and at most 60 s (G6), whatever the outage's length.

use crate::item::Timestamp;

const FIRST_PROBE: f64 = 1.0;
const SLOWEST_PROBE: f64 = 60.0;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Breaker(Option<Outage>);

/// A time during which the destination cannot be reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    pub since: Timestamp,
    pub next_probe: Timestamp,
    /// Probes that failed.
    pub failures: u32,
    probing: bool,
}

/// Whether a worker may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// The caller makes the probe, and tells how it ended.
    Probe,
    /// Look again then, or when woken; `None`: only when woken, a probe is under way.
    Wait(Option<Timestamp>),
}

impl Breaker {
    /// An outage that lasted when the process ended; it is probed within a second.
    pub fn restored(since: Timestamp, failures: u32, now: Timestamp, jitter: f64) -> Breaker {
        Breaker(Some(Outage {
            since,
            next_probe: now.plus_seconds(FIRST_PROBE * jitter.clamp(0.0, 1.0)),
            failures,
            probing: false,
        }))
    }

    pub fn outage(&self) -> Option<&Outage> {
        self.0.as_ref()
    }

    pub fn is_probing(&self) -> bool {
        self.0.as_ref().is_some_and(|outage| outage.probing)
    }

    /// What a worker may do now.
    pub fn gate(&mut self, now: Timestamp) -> Gate {
        match &mut self.0 {
            None => Gate::Open,
            Some(outage) if outage.probing => Gate::Wait(None),
            Some(outage) if now < outage.next_probe => Gate::Wait(Some(outage.next_probe)),
            Some(outage) => {
                outage.probing = true;
                Gate::Probe
            }
        }
    }

    /// The destination could not be reached. `true`: this began an outage.
    pub fn failed(&mut self, now: Timestamp, jitter: f64) -> bool {
        match &mut self.0 {
            None => {
                self.0 = Some(Outage {
                    since: now,
                    next_probe: now.plus_seconds(wait(0, jitter)),
                    failures: 0,
                    probing: false,
                });
                true
            }
            Some(outage) => {
                // Only a probe's failure lengthens the wait: other workers that come back late from the same
                // outage say nothing new.
                if outage.probing {
                    outage.probing = false;
                    outage.failures = outage.failures.saturating_add(1);
                    outage.next_probe = now.plus_seconds(wait(outage.failures, jitter));
                }
                false
            }
        }
    }

    /// The destination answered; answers the outage that this ended.
    pub fn answered(&mut self) -> Option<Outage> {
        self.0.take()
    }

    /// The next worker probes at once.
    pub fn hurry(&mut self, now: Timestamp) {
        if let Some(outage) = &mut self.0 {
            outage.next_probe = now;
        }
    }
}

/// Seconds until the probe after `failures` failed ones: between three quarters of the ceiling and the ceiling, so
/// that destinations that went away together do not come back together.
fn wait(failures: u32, jitter: f64) -> f64 {
    let ceiling = (FIRST_PROBE * 2f64.powi(failures.min(16) as i32)).min(SLOWEST_PROBE);
    ceiling * (0.75 + 0.25 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_back_off_to_a_minute_and_never_beyond() {
        let mut now = Timestamp::from_micros(0);
        let mut breaker = Breaker::default();
        assert_eq!(breaker.gate(now), Gate::Open);
        assert!(breaker.failed(now, 1.0));
        let mut waits = Vec::new();
        for _ in 0..9 {
            let Gate::Wait(Some(until)) = breaker.gate(now) else {
                panic!("a probe came too early");
            };
            waits.push(until.since(now).as_secs());
            now = until;
            assert_eq!(breaker.gate(now), Gate::Probe);
            assert_eq!(breaker.gate(now), Gate::Wait(None), "one probe at a time");
            assert!(!breaker.failed(now, 1.0));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(breaker.answered().unwrap().failures, 9);
        assert_eq!(breaker.gate(now), Gate::Open);
    }

    #[test]
    fn late_failures_of_other_workers_change_nothing() {
        let mut breaker = Breaker::default();
        let now = Timestamp::from_micros(0);
        assert!(breaker.failed(now, 0.0));
        let before = breaker.clone();
        assert!(!breaker.failed(now.plus_seconds(0.5), 1.0));
        assert_eq!(breaker, before);
    }

    #[test]
    fn hurry_probes_at_once() {
        let mut breaker = Breaker::default();
        let now = Timestamp::from_micros(5);
        breaker.failed(now, 1.0);
        breaker.hurry(now);
        assert_eq!(breaker.gate(now), Gate::Probe);
    }
}
