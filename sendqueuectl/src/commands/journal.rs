//! What happened.

use std::process::ExitCode;

use serde_json::Value;

use super::{Done, Failed, Session, list};
use crate::cli::Happened;
use crate::show::{field, number, seconds, table};
use crate::times::Times;

/// Entries asked for at once: the most that the server answers.
const PAGE: usize = 10_000;

impl Session<'_> {
    pub(super) fn journal(&self, what: &Happened) -> Done {
        let asked = |text: &str| self.times.asked(text).map_err(Failed::Use);
        let mut arguments = vec![("since", asked(&what.since)?)];
        if let Some(until) = &what.until {
            arguments.push(("until", asked(until)?));
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
            let rows: Vec<Vec<String>> = entries.iter().map(|one| row(one, &self.times)).collect();
            let heading = self.times.heading("TIME");
            table(
                &[&heading, "WHAT", "DESTINATION", "ITEMS", "WHO", "DETAILS"],
                &rows,
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(entry: &Value, times: &Times) -> Vec<String> {
    let mut more = Vec::new();
    if !entry["To"].is_null() {
        more.push(format!("to {}", field(entry, "To")));
    }
    if !entry["Seconds"].is_null() {
        more.push(format!("after {}", seconds(number(entry, "Seconds"))));
    }
    // Outages that are one.
    let is_outage = field(entry, "Event").starts_with("Outage");
    if is_outage && !entry["Count"].is_null() {
        more.push(format!("{} times", number(entry, "Count")));
    }
    if !entry["Details"].is_null() {
        more.push(field(entry, "Details"));
    }
    vec![
        times.cell(entry, "Time"),
        field(entry, "Event"),
        field(entry, "Destination"),
        if is_outage {
            String::new()
        } else {
            field(entry, "Count")
        },
        field(entry, "User"),
        more.join("; "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_people_and_steer_no_terminal() {
        let entry = serde_json::json!({
            "ID": 7, "Time": "20261126T170312.500000", "Event": "OutageEnded", "Destination": "pacs",
            "Count": 3, "To": "other", "Seconds": 32400, "Details": "a\u{1b}b",
        });
        let expected = [
            "2026-11-26 17:03:12",
            "OutageEnded",
            "pacs",
            "",
            "",
            "to other; after 9 h 0 min; 3 times; a\\u001bb",
        ];
        assert_eq!(row(&entry, &Times::new(true)), expected);
    }
}
