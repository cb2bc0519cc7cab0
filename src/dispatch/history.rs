//! What a lane did in each minute of the last hour, for charts.
//!
//! Invariants:
//! - Minutes are those of the queue's own time, so that the minutes of all destinations are the same.

use crate::item::Timestamp;

/// Minutes that are kept.
pub const MINUTES: usize = 60;
/// Length of one.
pub const STEP_SECONDS: u32 = 60;

const STEP_MICROS: i64 = STEP_SECONDS as i64 * 1_000_000;

/// One minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Minute {
    /// Acknowledged by the destination, and the bytes of their files.
    pub instances: u64,
    pub bytes: u64,
    /// Brought into the error queue by an attempt.
    pub failed: u64,
}

/// The minutes, as they go on.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// A ring; `head` is the newest.
    minutes: [Minute; MINUTES],
    head: usize,
    /// The minute (since 1970) of the newest.
    newest: i64,
}

/// The last hour at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// End of the newest minute, which may still run.
    pub until: Timestamp,
    /// Oldest first.
    pub minutes: [Minute; MINUTES],
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder {
            minutes: [Minute::default(); MINUTES],
            head: 0,
            newest: 0,
        }
    }
}

impl Recorder {
    /// The minute that runs.
    pub fn at(&mut self, now: Timestamp) -> &mut Minute {
        self.advance(now);
        &mut self.minutes[self.head]
    }

    /// What is known of a minute of the past (since 1970) besides. One that is no longer kept, or not yet begun, is
    /// left out.
    pub fn remember(&mut self, minute: i64, now: Timestamp, what: Minute) {
        self.advance(now);
        let back = usize::try_from(self.newest - minute).unwrap_or(MINUTES);
        if back < MINUTES {
            let one = &mut self.minutes[(self.head + MINUTES - back) % MINUTES];
            one.instances += what.instances;
            one.bytes += what.bytes;
            one.failed += what.failed;
        }
    }

    pub fn history(&mut self, now: Timestamp) -> History {
        self.advance(now);
        let mut minutes = self.minutes;
        minutes.rotate_left((self.head + 1) % MINUTES);
        History {
            until: end_of(self.newest),
            minutes,
        }
    }

    fn advance(&mut self, now: Timestamp) {
        let minute = minute_of(now);
        let passed = minute.saturating_sub(self.newest).max(0);
        self.newest = self.newest.max(minute);
        for _ in 0..passed.min(MINUTES as i64) {
            self.head = (self.head + 1) % MINUTES;
            self.minutes[self.head] = Minute::default();
        }
    }
}

impl History {
    /// The hour of a destination that nothing was sent to.
    pub fn empty(now: Timestamp) -> History {
        History {
            until: end_of(minute_of(now)),
            minutes: [Minute::default(); MINUTES],
        }
    }
}

fn minute_of(time: Timestamp) -> i64 {
    time.micros().div_euclid(STEP_MICROS)
}

fn end_of(minute: i64) -> Timestamp {
    Timestamp::from_micros(minute.saturating_add(1).saturating_mul(STEP_MICROS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The start of a minute.
    const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn instances(recorder: &mut Recorder, now: Timestamp) -> Vec<u64> {
        let history = recorder.history(now);
        history.minutes.iter().map(|one| one.instances).collect()
    }

    /// An hour with these minutes, counted back from the newest.
    fn hour(back: &[(usize, u64)]) -> Vec<u64> {
        let mut minutes = vec![0; MINUTES];
        for (at, count) in back {
            minutes[MINUTES - 1 - at] = *count;
        }
        minutes
    }

    #[test]
    fn minutes_are_the_clocks_own() {
        let mut recorder = Recorder::default();
        recorder.at(START.plus_seconds(59.9)).instances += 1;
        recorder.at(START.plus_seconds(60.0)).instances += 2;
        let now = START.plus_seconds(119.0);
        assert_eq!(instances(&mut recorder, now), hour(&[(1, 1), (0, 2)]));
        let until = recorder.history(now).until;
        assert_eq!(until, START.plus_seconds(120.0));
        // The next minute has begun.
        let now = START.plus_seconds(120.0);
        assert_eq!(instances(&mut recorder, now), hour(&[(2, 1), (1, 2)]));
        assert_eq!(recorder.history(now).until, START.plus_seconds(180.0));
    }

    #[test]
    fn what_is_older_than_an_hour_is_forgotten() {
        let mut recorder = Recorder::default();
        recorder.at(START).instances += 1;
        recorder.at(START.plus_seconds(60.0)).instances += 2;
        let last = START.plus_seconds(59.0 * 60.0);
        assert_eq!(instances(&mut recorder, last), hour(&[(59, 1), (58, 2)]));
        let next = START.plus_seconds(60.0 * 60.0);
        assert_eq!(instances(&mut recorder, next), hour(&[(59, 2)]));
        let far = START.plus_seconds(1e9);
        assert_eq!(recorder.history(far), History::empty(far));
    }

    #[test]
    fn the_past_is_remembered_beside_what_is_known() {
        let mut recorder = Recorder::default();
        let now = START.plus_seconds(30.0);
        recorder.at(now).instances += 1;
        let newest = minute_of(START);
        for (back, instances) in [
            (0, 2),
            (1, 4),
            (59, 8),
            (60, 100),
            (-1, 100),
            (i64::MIN / 2, 100),
        ] {
            let what = Minute {
                instances,
                ..Minute::default()
            };
            recorder.remember(newest - back, now, what);
        }
        assert_eq!(
            instances(&mut recorder, now),
            hour(&[(0, 3), (1, 4), (59, 8)])
        );
    }
}
