//! Times as people are told them, in sentences.
//!
//! Invariants:
//! - Pure: both times are of the machine's clock (`Ahead::wall`), and the time zone is passed in.
//! - A time of another day has its date with it: nobody takes yesterday's for today's.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::time::Timestamp;

/// `45 s`, `12 min`, `9 h`, `3 d`: rounded down, one unit.
pub fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// `06:13`; of another day `26 Nov 06:13`, of another year `26 Nov 2025 06:13`.
pub fn clock(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let local = |time: Timestamp| {
        let known = jiff::Timestamp::from_microsecond(time.micros()).ok()?;
        Some(known.to_zoned(zone.clone()))
    };
    let (Some(time), Some(now)) = (local(time), local(now)) else {
        return time.to_orthanc();
    };
    let form = if time.date() == now.date() {
        "%H:%M"
    } else if time.year() == now.year() {
        "%-d %b %H:%M"
    } else {
        "%-d %b %Y %H:%M"
    };
    time.strftime(form).to_string()
}

/// `since 06:13 (9 h)`.
pub fn since(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    format!(
        "since {} ({})",
        clock(time, now, zone),
        age(now.since(time))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_one_unit() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (9 * 3600 + 59, "9 h"),
            (172_799, "47 h"),
            (172_800, "2 d"),
            (86_400 * 400, "400 d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn a_time_of_another_day_has_its_date() {
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let read = |text| Timestamp::parse_orthanc(text).unwrap();
        let now = read("20261127T141300");
        let table = [
            ("20261127T051300", "06:13"),
            // Midnight is the zone's.
            ("20261126T230000", "00:00"),
            ("20261126T225900", "26 Nov 23:59"),
            ("20251231T120000", "31 Dec 2025 13:00"),
        ];
        for (time, expected) in table {
            assert_eq!(clock(read(time), now, &zone), expected);
        }
        assert_eq!(
            since(read("20261127T051300"), now, &zone),
            "since 06:13 (9 h)"
        );
        // A calendar has an end.
        let never = Timestamp::from_micros(i64::MAX);
        assert_eq!(clock(never, now, &zone), never.to_orthanc());
    }
}
