//! Items, the error queue, and what of a study went where.

use std::process::ExitCode;

use serde_json::Value;

use super::studies::delivered;
use super::waits::tell;
use super::{Done, Session, list, segment, waiting};
use crate::cli::Filter;
use crate::filter;
use crate::show::{field, items, number, plain, say, status, table};

impl Session<'_> {
    pub(super) fn errors(&self, filter: &Filter, by_item: bool, limit: u32) -> Done {
        let narrowed = !filter::arguments(filter).is_empty();
        if by_item || narrowed {
            let mut arguments = filter::arguments(filter);
            arguments.push(("limit", limit.to_string()));
            arguments.push(("order", "desc".to_owned()));
            let found = self.client.get("/errors", &arguments)?;
            self.item_table(&found, limit);
            self.tell_held(&found);
            return Ok(ExitCode::SUCCESS);
        }
        let summary = self.client.get("/errors/summary", &[])?;
        if self.raw(&summary) {
            return Ok(ExitCode::SUCCESS);
        }
        if list(&summary).is_empty() {
            say!("the error queue is empty");
            // Who looks here may miss what waits.
            tell(&self.held_with_items());
            return Ok(ExitCode::SUCCESS);
        }
        for kind in list(&summary) {
            let names = ["Destination", "Class"].map(|key| field(kind, key));
            let [oldest, newest] = ["Oldest", "Newest"].map(|key| self.times.words(kind, key));
            say!(
                "{}: {}, {oldest}{}",
                format!("{} {}", names.join(" "), status(kind, "Status")).trim(),
                items(number(kind, "Count")),
                match newest == oldest {
                    true => String::new(),
                    false => format!(" to {newest}"),
                }
            );
            for key in ["Meaning", "Advice", "Example"] {
                let text = field(kind, key);
                if !text.is_empty() {
                    say!("    {text}");
                }
            }
            if let Some(reasons @ 2..) = kind["Reasons"].as_u64() {
                say!("    {reasons} different reasons among the newest: errors --list");
            }
        }
        say!(
            "Whose they are: sendqueuectl studies --state Failure; to send them again: sendqueuectl replay"
        );
        self.tell_held(&summary);
        Ok(ExitCode::SUCCESS)
    }

    /// Of those that something listed failed at: what is replayed would wait.
    fn tell_held(&self, listed: &Value) {
        let names = list(listed)
            .iter()
            .filter_map(|one| one["Destination"].as_str());
        tell(&self.held_among(&names.collect::<Vec<_>>()));
    }

    pub(super) fn items(
        &self,
        filter: &Filter,
        state: &[String],
        confirmation: Option<&str>,
        limit: u32,
    ) -> Done {
        let mut arguments = filter::in_states(filter, state);
        arguments.extend(confirmation.map(|word| ("confirmation", word.to_owned())));
        arguments.push(("limit", limit.to_string()));
        arguments.push(("order", "desc".to_owned()));
        let found = self.client.get("/items", &arguments)?;
        // It may be of the past.
        if let (Some(name), []) = (&filter.destination, list(&found)) {
            self.must_be_known(name)?;
        }
        self.item_table(&found, limit);
        Ok(ExitCode::SUCCESS)
    }

    fn item_table(&self, found: &Value, limit: u32) {
        if self.raw(found) {
            return;
        }
        let tries = self.tries(list(found));
        let rows: Vec<Vec<String>> = list(found)
            .iter()
            .map(|item| {
                vec![
                    field(item, "ID"),
                    field(item, "State"),
                    field(item, "Destination"),
                    self.times.cell(item, "CreationTime"),
                    tries.cell(item, &self.times),
                    format!("{} {}", field(item, "Class"), status(item, "DimseStatus"))
                        .trim()
                        .to_owned(),
                    field(item, "Study"),
                    field(item, "Details"),
                ]
            })
            .collect();
        let heading = [
            "ID",
            "STATE",
            "DESTINATION",
            &self.times.heading("MADE"),
            "ATTEMPTS",
            "OUTCOME",
            "STUDY",
            "DETAILS",
        ];
        table(&heading, &rows);
        if u32::try_from(rows.len()).is_ok_and(|rows| rows == limit) {
            eprintln!("(the newest {limit}; there may be more: --limit)");
        }
    }

    pub(super) fn item(&self, id: u64) -> Done {
        let item = self.client.get(&format!("/items/{id}"), &[])?;
        if self.raw(&item) {
            return Ok(ExitCode::SUCCESS);
        }
        for (key, value) in item.as_object().into_iter().flatten() {
            if value.is_array() || value.is_null() {
                continue;
            }
            let shown = match key.as_str() {
                "DimseStatus" => status(&item, key),
                _ => self.times.words(&item, key),
            };
            say!("{:<16} {shown}", plain(key));
        }
        let tries = self.tries(std::slice::from_ref(&item));
        if let Some(sentence) = tries.sentence(&item, &self.times) {
            say!("{sentence}");
        }
        say!("");
        let rows: Vec<Vec<String>> = list(&item["Attempts"])
            .iter()
            .map(|one| {
                vec![
                    field(one, "Number"),
                    self.times.cell(one, "Time"),
                    format!("{} ms", field(one, "DurationMilliseconds")),
                    field(one, "Destination"),
                    format!("{} {}", field(one, "Class"), status(one, "DimseStatus"))
                        .trim()
                        .to_owned(),
                    field(one, "Details"),
                    field(one, "SentSopInstanceUid"),
                ]
            })
            .collect();
        table(
            &[
                "ATTEMPT",
                &self.times.heading("TIME"),
                "TOOK",
                "DESTINATION",
                "OUTCOME",
                "DETAILS",
                "SENT AS",
            ],
            &rows,
        );
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn study(&self, id: &str) -> Done {
        let study = self.client.get(&format!("/studies/{}", segment(id)), &[])?;
        if self.raw(&study) {
            return Ok(ExitCode::SUCCESS);
        }
        if study["InOrthanc"] == false {
            say!("it is no longer in Orthanc");
        }
        if list(&study["Destinations"]).is_empty() && study["InOrthanc"] == false {
            say!(
                "nothing of it is queued any more: sendqueuectl deliveries --study {} says where it was sent",
                field(&study, "ID")
            );
            return Ok(ExitCode::SUCCESS);
        }
        if list(&study["Destinations"]).is_empty() {
            say!(
                "nothing of it is queued: sendqueuectl route says why, sendqueuectl enqueue queues it"
            );
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<Vec<String>> = list(&study["Destinations"])
            .iter()
            .map(|one| {
                let counts = &one["Counts"];
                vec![
                    field(one, "Destination"),
                    delivered(one),
                    waiting(counts).to_string(),
                    field(counts, "Running"),
                    field(counts, "Failure"),
                    self.times.cell(one, "FirstCreationTime"),
                    self.times.cell(one, "LastCompletionTime"),
                ]
            })
            .collect();
        table(
            &[
                "DESTINATION",
                "DELIVERED",
                "WAITING",
                "SENDING",
                "FAILED",
                &self.times.heading("FIRST"),
                &self.times.heading("LAST"),
            ],
            &rows,
        );
        Ok(ExitCode::SUCCESS)
    }
}
