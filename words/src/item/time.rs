//! Points in time, and the clock that is passed in.

use std::time::Duration;

/// Microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

const FORMAT: &str = "%Y%m%dT%H%M%S%.6f";

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub fn plus(self, duration: Duration) -> Timestamp {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.0.saturating_add(micros))
    }

    /// Seconds may be a fraction; a value that does not fit saturates.
    pub fn plus_seconds(self, seconds: f64) -> Timestamp {
        // `as` saturates, and turns NaN into 0.
        Timestamp(self.0.saturating_add((seconds * 1e6) as i64))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Timestamp) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Orthanc's form, `20261120T235959.123456`, in UTC.
    pub fn to_orthanc(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => time.strftime(FORMAT).to_string(),
            // Out of the calendar's range (years -9999 to 9999): only a broken clock leads here.
            Err(_) => format!("{}us", self.0),
        }
    }

    /// As RFC 3339 has it, in UTC: `2026-11-20T23:59:59.123456Z`.
    pub fn to_rfc_3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
            Err(_) => format!("{}us", self.0),
        }
    }

    /// Reads Orthanc's form, with or without a fraction of a second.
    pub fn parse_orthanc(text: &str) -> Option<Timestamp> {
        let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S%.f", text).ok()?;
        let time = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        Some(Timestamp(time.as_microsecond()))
    }
}

/// How far the machine's clock is ahead of the queue's own time: what leads from one to the other.
///
/// Zero as long as nobody sets the machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ahead(i64);

impl Ahead {
    pub const fn from_micros(micros: i64) -> Ahead {
        Ahead(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// What the machine's clock says at `own`: for people, time windows, and beside Orthanc's dates.
    pub const fn wall(self, own: Timestamp) -> Timestamp {
        Timestamp(own.0.saturating_add(self.0))
    }

    /// The queue's own time when the machine's clock says `wall`.
    pub const fn own(self, wall: Timestamp) -> Timestamp {
        Timestamp(wall.0.saturating_sub(self.0))
    }
}

/// The two readings of a clock at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub own: Timestamp,
    pub ahead: Ahead,
}

/// The machine's clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// When it was seen, by the queue's own time.
    pub seen: Timestamp,
    /// Microseconds; negative: back.
    pub by: i64,
    /// When this process started, by the queue's own time.
    pub start: Timestamp,
    /// What had been counted as time since the last stop only because the clock was wrong then.
    pub over: Duration,
}

/// Where the time comes from. Tests pass their own.
pub trait Clock: Send + Sync {
    /// The queue's own time: everything that waits, ages, and is stored goes by it. It advances by elapsed time,
    /// whatever happens to the machine's clock, and agrees with it as long as that is not set.
    fn now(&self) -> Timestamp;

    /// How far the machine's clock is ahead of it, as of the last look.
    fn ahead(&self) -> Ahead {
        Ahead::default()
    }

    /// Looks at the machine's clock; `Some`: it was set since the last look.
    fn look(&self) -> Option<Jump> {
        None
    }

    /// What to store, so that the next start goes on from there. `None`: nothing.
    fn reading(&self) -> Option<Reading> {
        None
    }

    /// Orthanc dated something so that it has just received. Answers what counts as elapsed since the last stop from
    /// now on.
    fn dated(&self, _wall: Timestamp) -> Option<Duration> {
        None
    }

    /// What has been counted as time since the last stop and may turn out not to have passed.
    fn uncertain(&self) -> Duration {
        Duration::ZERO
    }

    /// What will count at once as time since the last stop, if Orthanc agrees with the machine's clock. What begins to
    /// wait before that has not waited for it.
    fn doubted(&self) -> Duration {
        Duration::ZERO
    }

    /// What people should know of the machine's clock, for a while.
    fn warning(&self) -> Option<ClockWarning> {
        None
    }
}

/// What people should know of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockWarning {
    pub since: Timestamp,
    pub details: String,
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthancs_form_goes_there_and_back() {
        let text = "20261120T235959.123456";
        let time = Timestamp::parse_orthanc(text).unwrap();
        assert_eq!(time.to_orthanc(), text);
        assert_eq!(
            Timestamp::parse_orthanc("20261120T235959")
                .unwrap()
                .to_orthanc(),
            "20261120T235959.000000"
        );
        assert_eq!(Timestamp::parse_orthanc("yesterday"), None);
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus_seconds(1e30), end);
        assert_eq!(Timestamp::from_micros(5).since(end), Duration::ZERO);
    }
}
