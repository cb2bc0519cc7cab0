//! The queue's own time.
//!
//! Two readings: what the machine's clock says, which anybody may set (a dead battery, a VM that is resumed, NTP after
//! a start), and the time that has elapsed, which nobody can. All that waits and ages goes by the queue's own time,
//! which is the sum of what has elapsed; the machine's clock is for people, for time windows, and beside Orthanc's
//! dates.
//!
//! Invariants:
//! - Own time never goes back within a process, and within it advances by elapsed time only, but for
//!   [`QueueClock::dated`].
//! - As long as the machine's clock is not set, own time is what it says, to the microsecond, over restarts too.
//! - After a start, the time since the last stop counts as the machine's clock says: at most [`MOST_AT_ONCE`] until
//!   Orthanc itself dates something that it receives so, then all of it.
//! - For [`TRUST`] after the start the clock may turn out to have been wrong then: if it is set back, what was
//!   counted because of that is told ([`Jump::over`]), and nothing has expired by it (`store::Upkeep::pardon`).
//!
//! The difference of both readings is kept, and followed only where it moved: so a time that is shown is the same each
//! time.

use std::time::Duration;

use crate::item::{Ahead, Clock, ClockWarning, Jump, Reading, SystemClock, Timestamp};
use parking_lot::{Mutex, MutexGuard};

/// Most that counts at once as time since the last stop.
pub const MOST_AT_ONCE: Duration = Duration::from_secs(24 * 3600);
/// How long the clock must go on, unchanged, to be believed. As long is told that it was set.
pub const TRUST: Duration = Duration::from_secs(24 * 3600);
/// What both readings may differ by for no reason: they are read one after the other.
const LOOSE: i64 = 500_000;
/// From here on it is told: the small steps of NTP are nothing to tell.
const JUMP: i64 = 10_000_000;
/// How old the date of something may be that Orthanc has just received.
const RECENT: i64 = 300_000_000;
/// Two readings of the machine belong together if they were made within this.
const TOGETHER: Duration = Duration::from_millis(10);

/// The readings of the machine.
pub trait Machine: Send + Sync {
    /// What its clock says, which may be set.
    fn wall(&self) -> Timestamp;
    /// Time since some moment: never set, and it goes on while the machine sleeps, where the system can tell.
    fn elapsed(&self) -> Duration;
}

/// The machine that this runs on.
#[derive(Debug)]
pub struct ThisMachine {
    #[cfg(not(target_os = "linux"))]
    begun: std::time::Instant,
}

impl ThisMachine {
    fn new() -> ThisMachine {
        ThisMachine {
            #[cfg(not(target_os = "linux"))]
            begun: std::time::Instant::now(),
        }
    }
}

impl Machine for ThisMachine {
    fn wall(&self) -> Timestamp {
        SystemClock.now()
    }

    /// CLOCK_BOOTTIME (Linux 2.6.39): the monotonic clock, and the time of suspension.
    #[cfg(target_os = "linux")]
    fn elapsed(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    }

    #[cfg(not(target_os = "linux"))]
    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// See the module.
pub struct QueueClock<M = ThisMachine> {
    machine: M,
    state: Mutex<Reckoning>,
}

#[derive(Debug)]
struct Reckoning {
    /// Own time when the machine's elapsed time was 0.
    base: Timestamp,
    ahead: Ahead,
    started: Timestamp,
    /// Microseconds that count as time since the last stop, and those that will once Orthanc agrees.
    counted: i64,
    doubted: i64,
    /// Counted though it had not passed.
    over: i64,
    jump: Option<Jump>,
    /// The machine's elapsed time at the start, or when its clock was last set.
    unset_since: Duration,
}

impl QueueClock {
    /// Of this machine; `last`: what was stored.
    pub fn begin(last: Option<Reading>) -> QueueClock {
        QueueClock::of(ThisMachine::new(), last)
    }
}

impl<M: Machine> QueueClock<M> {
    pub fn of(machine: M, last: Option<Reading>) -> QueueClock<M> {
        let (wall, elapsed) = both(&machine);
        let last = last.unwrap_or(Reading {
            own: wall,
            ahead: Ahead::default(),
        });
        let passed = wall
            .micros()
            .saturating_sub(last.ahead.wall(last.own).micros());
        let counted = passed.clamp(0, micros(MOST_AT_ONCE));
        let own = Timestamp::from_micros(last.own.micros().saturating_add(counted));
        let by = passed.min(0);
        let jump = (by <= -JUMP).then_some(Jump {
            seen: own,
            by,
            start: own,
            over: Duration::ZERO,
        });
        let doubted = passed.saturating_sub(counted).max(0);
        if doubted > 0 {
            log::warn!(
                "by the machine's clock the send queue has not run for {}: 24 h of it count until Orthanc receives something by that \
                 clock",
                readable(span(passed))
            );
        }
        if jump.is_some() {
            log::warn!(
                "the machine's clock is {} before the send queue's last reading: the time since then does not count",
                readable(span(passed))
            );
        }
        QueueClock {
            machine,
            state: Mutex::new(Reckoning {
                base: Timestamp::from_micros(own.micros().saturating_sub(micros(elapsed))),
                ahead: Ahead::from_micros(wall.micros().saturating_sub(own.micros())),
                started: own,
                counted,
                doubted,
                over: 0,
                jump,
                unset_since: elapsed,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Reckoning> {
        self.state.lock()
    }
}

impl<M: Machine> Clock for QueueClock<M> {
    fn now(&self) -> Timestamp {
        let elapsed = self.machine.elapsed();
        self.lock().base.plus(elapsed)
    }

    fn ahead(&self) -> Ahead {
        self.lock().ahead
    }

    fn look(&self) -> Option<Jump> {
        let (wall, elapsed) = both(&self.machine);
        let mut state = self.lock();
        let own = state.base.plus(elapsed);
        if elapsed.saturating_sub(state.unset_since) > TRUST {
            state.counted = 0;
        }
        let by = wall.micros().saturating_sub(state.ahead.wall(own).micros());
        if by.abs() <= LOOSE {
            return None;
        }
        state.ahead = Ahead::from_micros(wall.micros().saturating_sub(own.micros()));
        if by.abs() < JUMP {
            return None;
        }
        // Set back: so it was wrong at the start, if that is not long ago, and less time has passed since the last
        // stop.
        let passed = (state.counted + state.doubted)
            .saturating_add(by.min(0))
            .max(0);
        let over = (state.counted - passed).max(0);
        state.counted -= over;
        state.doubted = passed - state.counted;
        state.over += over;
        let jump = Jump {
            seen: own,
            by,
            start: state.started,
            over: span(over),
        };
        state.jump = Some(jump);
        state.unset_since = elapsed;
        Some(jump)
    }

    fn reading(&self) -> Option<Reading> {
        let own = self.now();
        let ahead = self.ahead();
        Some(Reading { own, ahead })
    }

    fn dated(&self, wall: Timestamp) -> Option<Duration> {
        let (now, _) = both(&self.machine);
        let mut state = self.lock();
        let age = now.micros().saturating_sub(wall.micros());
        // Dates have whole seconds.
        if state.doubted == 0 || !(-1_000_000..=RECENT).contains(&age) {
            return None;
        }
        let rest = std::mem::take(&mut state.doubted);
        state.counted = state.counted.saturating_add(rest);
        state.base = Timestamp::from_micros(state.base.micros().saturating_add(rest));
        state.ahead = Ahead::from_micros(state.ahead.micros().saturating_sub(rest));
        Some(span(rest))
    }

    fn uncertain(&self) -> Duration {
        let state = self.lock();
        span(state.counted.saturating_add(state.over))
    }

    fn doubted(&self) -> Duration {
        span(self.lock().doubted)
    }

    fn warning(&self) -> Option<ClockWarning> {
        let now = self.now();
        let state = self.lock();
        if state.doubted > 0 {
            return Some(ClockWarning {
                since: state.started,
                details: format!(
                    "by the machine's clock, which may be wrong, the queue stood still for {}; 24 h of it count until Orthanc receives \
                     something by that clock",
                    readable(span(state.counted + state.doubted))
                ),
            });
        }
        let jump = state.jump.filter(|jump| now.since(jump.seen) < TRUST)?;
        Some(ClockWarning {
            since: jump.seen,
            details: format!(
                "the machine's clock was set {} by {}; nothing expired by that, and times from before are shown by the clock as it is now",
                if jump.by < 0 { "back" } else { "forward" },
                readable(span(jump.by))
            ),
        })
    }
}

/// Both readings, as of one moment.
fn both(machine: &dyn Machine) -> (Timestamp, Duration) {
    let mut before = machine.elapsed();
    // Whoever is interrupted between them tries again, a few times: the machine may be that busy.
    for _ in 0..5 {
        let wall = machine.wall();
        let after = machine.elapsed();
        if after.saturating_sub(before) <= TOGETHER {
            return (wall, after);
        }
        before = after;
    }
    (machine.wall(), before)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The length of a time that may be negative.
fn span(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}

/// A length of time, for people.
pub fn readable(time: Duration) -> String {
    // Half a second more: what is read twice is a little more or less.
    let seconds = time.saturating_add(Duration::from_millis(500)).as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
