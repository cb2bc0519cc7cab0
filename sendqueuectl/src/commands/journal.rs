//! What happened.

use std::process::ExitCode;

use jiff::Zoned;
use jiff::civil::Time as OfDay;
use sendqueue_words::item::Timestamp;
use serde_json::Value;

use super::{Done, Failed, Session, list};
use crate::cli::Happened;
use crate::show::{field, number, seconds, table};

/// Entries asked for at once: the most that the server answers.
const PAGE: usize = 10_000;

impl Session<'_> {
    pub(super) fn journal(&self, what: &Happened) -> Done {
        let now = Zoned::now();
        let mut arguments = vec![("since", moment(&what.since, &now).map_err(Failed::Use)?)];
        if let Some(until) = &what.until {
            arguments.push(("until", moment(until, &now).map_err(Failed::Use)?));
        }
        for (name, value) in [("destination", &what.destination), ("event", &what.event)] {
            if let Some(value) = value {
                arguments.push((name, value.clone()));
            }
        }
        arguments.push(("limit", PAGE.to_string()));
        let mut entries: Vec<Value> = Vec::new();
        let mut after = 0;
        loop {
            let mut page = arguments.clone();
            page.push(("after", after.to_string()));
            let answer = self.client.get("/journal", &page)?;
            let numbered = list(&answer).iter().filter_map(|one| one["ID"].as_u64());
            let (count, last) = numbered.fold((0, after), |(n, _), id| (n + 1, id));
            entries.extend(list(&answer).iter().cloned());
            if count < PAGE {
                break;
            }
            after = last;
        }
        if !self.raw(&entries.clone().into()) {
            let rows: Vec<Vec<String>> = entries.iter().map(|one| row(one, &now)).collect();
            let heading = format!("TIME ({})", now.strftime("%:z"));
            table(
                &[&heading, "WHAT", "DESTINATION", "ITEMS", "WHO", ""],
                &rows,
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(entry: &Value, now: &Zoned) -> Vec<String> {
    let mut more = Vec::new();
    if !entry["To"].is_null() {
        more.push(format!("to {}", field(entry, "To")));
    }
    if !entry["Seconds"].is_null() {
        more.push(format!("after {}", seconds(number(entry, "Seconds"))));
    }
    if !entry["Details"].is_null() {
        more.push(field(entry, "Details"));
    }
    vec![
        shown(entry, now),
        field(entry, "Event"),
        field(entry, "Destination"),
        field(entry, "Count"),
        field(entry, "User"),
        more.join("; "),
    ]
}

/// In the time zone of this machine, by the offset that the heading names.
fn shown(entry: &Value, now: &Zoned) -> String {
    let text = field(entry, "Time");
    let Some(time) = Timestamp::parse_orthanc(&text) else {
        return text;
    };
    match jiff::Timestamp::from_microsecond(time.micros()) {
        Ok(time) => {
            let civil = now.offset().to_datetime(time);
            civil.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Err(_) => text,
    }
}

/// `18:00` (the last one), `yesterday 18:00`, both in the time zone of this machine; what the server reads itself: an
/// age, a date, a time in UTC.
fn moment(text: &str, now: &Zoned) -> Result<String, String> {
    let text = text.trim();
    let (yesterday, of_day) = match text.strip_prefix("yesterday") {
        Some(rest) => (true, rest.trim()),
        None => (false, text),
    };
    if !of_day.contains(':') && !yesterday {
        return Ok(text.to_owned());
    }
    let allowed = || {
        format!(
            "{text:?} is no time: allowed are 18:00, \"yesterday 18:00\", 12h, 3d, 20261126, 20261126T180000 (UTC)"
        )
    };
    let of_day = if of_day.is_empty() { "00:00" } else { of_day };
    let of_day = OfDay::strptime("%H:%M", of_day)
        .or_else(|_| OfDay::strptime("%H:%M:%S", of_day))
        .map_err(|_| allowed())?;
    let today = now.date();
    let is_ahead = !yesterday && of_day > now.time();
    let date = if yesterday || is_ahead {
        today.yesterday().map_err(|_| allowed())?
    } else {
        today
    };
    let at = date
        .to_datetime(of_day)
        .to_zoned(now.time_zone().clone())
        .map_err(|_| allowed())?;
    let at = Timestamp::from_micros(at.timestamp().as_microsecond());
    Ok(at.to_orthanc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_people() {
        // Three in the morning, an hour east of Greenwich.
        let now: Zoned = "2026-11-27T03:12:00+01:00[Europe/Berlin]".parse().unwrap();
        for (text, expected) in [
            ("18:00", Some("20261126T170000.000000")),
            ("02:30", Some("20261127T013000.000000")),
            ("03:12", Some("20261127T021200.000000")),
            ("yesterday 18:00", Some("20261126T170000.000000")),
            ("yesterday 02:30:15", Some("20261126T013015.000000")),
            ("yesterday", Some("20261125T230000.000000")),
            ("12h", Some("12h")),
            ("20261126", Some("20261126")),
            ("20261126T180000", Some("20261126T180000")),
            ("25:00", None),
            ("yesterday noon", None),
        ] {
            let found = moment(text, &now);
            assert_eq!(found.ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn rows_are_read_by_people_and_steer_no_terminal() {
        let now: Zoned = "2026-11-27T03:12:00+01:00[Europe/Berlin]".parse().unwrap();
        let entry = serde_json::json!({
            "ID": 7, "Time": "20261126T170312.500000", "Event": "OutageEnded", "Destination": "pacs",
            "Count": 3, "To": "other", "Seconds": 32400, "Details": "a\u{1b}b",
        });
        let expected = [
            "2026-11-26 18:03:12",
            "OutageEnded",
            "pacs",
            "3",
            "",
            "to other; after 9 h 0 min; a\\u001bb",
        ];
        assert_eq!(row(&entry, &now), expected);
    }
}
