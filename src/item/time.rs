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

    /// Reads Orthanc's form, with or without a fraction of a second.
    pub fn parse_orthanc(text: &str) -> Option<Timestamp> {
        let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S%.f", text).ok()?;
        let time = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        Some(Timestamp(time.as_microsecond()))
    }
}

/// Where the time comes from. Tests pass their own.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
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
