//! Times of people: as they are shown, and as they are written.
//!
//! Invariants:
//! - All tables and sentences go by one zone: that of this machine (`TZ`), or UTC with `--utc`. What the server says in
//!   words of its own (`show::field`) goes by the server's.
//! - A time that is shown is the wall's at that moment: after a change of the clocks those before it have their offset
//!   with them, so that none means two moments.

use jiff::civil::{Date, DateTime, Time as OfDay};
use jiff::tz::TimeZone;
use jiff::{Timestamp as Moment, Zoned};
use sendqueue_words::item::Timestamp;
use serde_json::Value;

use crate::show::field;

/// What may be written where a time is asked for.
const ALLOWED: &str = "18:00, \"yesterday 18:00\", 2026-11-26, \"2026-11-26 18:00\", 2026-11-26T18:00:00Z, \
                       20261126T180000 (UTC, as in --json), 12h, 3d";

/// The zone, and what time it is there.
pub struct Times {
    now: Zoned,
}

impl Times {
    pub fn new(utc: bool) -> Self {
        let zone = if utc {
            TimeZone::UTC
        } else {
            TimeZone::system()
        };
        Self {
            now: Moment::now().to_zoned(zone),
        }
    }

    /// For the heading of a column: the offset that holds now for those of its times that have none.
    pub fn heading(&self, text: &str) -> String {
        match self.now.offset().is_zero() {
            true => format!("{text} (UTC)"),
            false => format!("{text} ({})", self.now.strftime("%:z")),
        }
    }

    /// A time of Orthanc's, `20261120T235959.123456` in UTC, for a column.
    pub fn cell(&self, value: &Value, key: &str) -> String {
        let text = field(value, key);
        let Some(at) = self.local(&text) else {
            return text;
        };
        match at.offset() == self.now.offset() {
            true => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            false => alone(&at),
        }
    }

    /// The same, for a sentence: with its offset.
    pub fn words(&self, value: &Value, key: &str) -> String {
        let text = field(value, key);
        self.local(&text).map_or(text, |at| alone(&at))
    }

    /// Only the time of day where it is today's, for a place that has no room.
    pub fn short(&self, value: &Value, key: &str) -> String {
        let text = field(value, key);
        match self.local(&text) {
            Some(at) if at.date() == self.now.date() => at.strftime("%H:%M").to_string(),
            Some(at) => at.strftime("%Y-%m-%d %H:%M").to_string(),
            None => text,
        }
    }

    fn local(&self, text: &str) -> Option<Zoned> {
        let time = Timestamp::parse_orthanc(text)?;
        let moment = Moment::from_microsecond(time.micros()).ok()?;
        Some(moment.to_zoned(self.now.time_zone().clone()))
    }

    /// What a person writes as the server reads it: in Orthanc's form, or as an age.
    ///
    /// # Errors
    /// What may stand there.
    pub fn asked(&self, text: &str) -> Result<String, String> {
        let text = text.trim();
        if is_age(text) || Timestamp::parse_orthanc(text).is_some() {
            return Ok(text.to_owned());
        }
        let moment = self.moment(text);
        let moment = moment.ok_or_else(|| format!("{text:?} is no time: allowed are {ALLOWED}"))?;
        Ok(Timestamp::from_micros(moment.as_microsecond()).to_orthanc())
    }

    fn moment(&self, text: &str) -> Option<Moment> {
        if let Ok(moment) = text.parse::<Moment>() {
            return Some(moment);
        }
        let (today, now) = (self.now.date(), self.now.time());
        let of_day = |text: &str| match text.trim() {
            "" => Some(OfDay::midnight()),
            text => time_of_day(text),
        };
        let at = if let Some(rest) = text.strip_prefix("yesterday") {
            today.yesterday().ok()?.to_datetime(of_day(rest)?)
        } else if let Some(rest) = text.strip_prefix("today") {
            today.to_datetime(of_day(rest)?)
        } else if let Some(time) = time_of_day(text) {
            // The last one.
            let date = if time > now {
                today.yesterday().ok()?
            } else {
                today
            };
            date.to_datetime(time)
        } else {
            dated(text)?
        };
        let zoned = at.to_zoned(self.now.time_zone().clone()).ok()?;
        Some(zoned.timestamp())
    }
}

fn alone(at: &Zoned) -> String {
    let text = at.strftime("%Y-%m-%d %H:%M:%S");
    match at.offset().is_zero() {
        true => format!("{text}Z"),
        false => format!("{text}{}", at.strftime("%:z")),
    }
}

/// `90s`, `15m`, `12h`, `3d`: whether the number is one the server says.
fn is_age(text: &str) -> bool {
    let number = text.strip_suffix(['s', 'm', 'h', 'd']);
    number.is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn time_of_day(text: &str) -> Option<OfDay> {
    let forms = ["%H:%M", "%H:%M:%S"];
    let mut times = forms.iter().map(|form| OfDay::strptime(form, text));
    times.find_map(Result::ok)
}

fn dated(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, time_of_day(time.trim_start())?),
        None => (text, OfDay::midnight()),
    };
    // `strptime` alone takes fewer digits too.
    let form = match date.len() {
        10 => "%Y-%m-%d",
        8 => "%Y%m%d",
        _ => return None,
    };
    Some(Date::strptime(form, date).ok()?.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(now: &str) -> Times {
        let now = now.parse().unwrap();
        Times { now }
    }

    /// Three in the morning, an hour east of Greenwich.
    fn berlin() -> Times {
        at("2026-11-27T03:12:00+01:00[Europe/Berlin]")
    }

    #[test]
    fn what_people_write_is_in_their_zone() {
        for (text, expected) in [
            ("18:00", Some("20261126T170000.000000")),
            ("02:30", Some("20261127T013000.000000")),
            ("03:12", Some("20261127T021200.000000")),
            ("today 00:30", Some("20261126T233000.000000")),
            ("yesterday 18:00", Some("20261126T170000.000000")),
            ("yesterday 02:30:15", Some("20261126T013015.000000")),
            ("yesterday", Some("20261125T230000.000000")),
            ("2026-11-26", Some("20261125T230000.000000")),
            ("20261126", Some("20261125T230000.000000")),
            ("2026-11-26 18:00", Some("20261126T170000.000000")),
            ("2026-11-26T18:00:30", Some("20261126T170030.000000")),
            // What names its own zone.
            ("2026-11-26T18:00:00Z", Some("20261126T180000.000000")),
            ("2026-11-26 18:00:00+02:00", Some("20261126T160000.000000")),
            ("20261126T180000", Some("20261126T180000")),
            ("20261126T180000.5", Some("20261126T180000.5")),
            ("12h", Some("12h")),
            ("25:00", None),
            ("yesterday noon", None),
            ("2026-13-26", None),
            ("2026-1-26", None),
            ("2026112", None),
            ("2026-11-26 25:00", None),
            ("h", None),
            ("x12h", None),
            ("-1h", None),
            ("", None),
        ] {
            assert_eq!(berlin().asked(text).ok().as_deref(), expected, "{text}");
        }
        let refused = berlin().asked("25:00").unwrap_err();
        assert!(refused.contains("yesterday 18:00"), "{refused}");
    }

    #[test]
    fn a_time_is_shown_as_the_wall_had_it() {
        let value = json!({ "t": "20261126T170312.500000", "n": null, "s": "x\u{1b}", "u": "ääääääääääääääää" });
        let times = berlin();
        assert_eq!(times.heading("MADE"), "MADE (+01:00)");
        assert_eq!(times.cell(&value, "t"), "2026-11-26 18:03:12");
        assert_eq!(times.words(&value, "t"), "2026-11-26 18:03:12+01:00");
        assert_eq!(times.short(&value, "t"), "2026-11-26 18:03");
        let value_of = |text: &str| json!({ "t": text });
        assert_eq!(times.short(&value_of("20261127T010312"), "t"), "02:03");
        for (key, expected) in [("n", ""), ("s", "x\\u001b"), ("u", "ääääääääääääääää")]
        {
            assert_eq!(times.cell(&value, key), expected);
            assert_eq!(times.words(&value, key), expected);
        }
        let utc = at("2026-11-27T02:12:00+00:00[UTC]");
        assert_eq!(utc.heading("MADE"), "MADE (UTC)");
        assert_eq!(utc.cell(&value, "t"), "2026-11-26 17:03:12");
        assert_eq!(utc.words(&value, "t"), "2026-11-26 17:03:12Z");
    }

    /// The hour that comes twice, seen after it: two moments are never shown alike.
    #[test]
    fn a_time_before_the_clocks_were_changed_has_its_offset() {
        let times = at("2026-10-25T12:00:00+01:00[Europe/Berlin]");
        let shown = |text: &str| times.cell(&json!({ "t": text }), "t");
        assert_eq!(shown("20261025T003000"), "2026-10-25 02:30:00+02:00");
        assert_eq!(shown("20261025T013000"), "2026-10-25 02:30:00");
        // What is shown can be asked for.
        for text in ["2026-10-25 02:30:00+02:00", "20261025T003000"] {
            let asked = times.asked(text).unwrap();
            assert!(asked.starts_with("20261025T003000"), "{text}: {asked}");
        }
        assert_eq!(
            times.asked("2026-10-25 02:30:00Z").unwrap(),
            "20261025T023000.000000"
        );
    }
}
