//! The queue as a whole, destinations, sources, serials.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Done, Session, code, list, segment, waiting};
use crate::client::ClientError;
use crate::show::{field, number, say, seconds, table};
use crate::times::Times;

fn last_arrival(source: &Value, times: &Times) -> String {
    match times.words(source, "LastArrival") {
        none if none.is_empty() => "nothing has come from it".to_owned(),
        last => format!("nothing has come from it since {last}"),
    }
}

impl Session<'_> {
    pub(super) fn status(&self, check: bool) -> Done {
        let queue = self.client.queue()?;
        let destinations = self.client.get("/destinations", &[])?;
        let health = self.client.get("/health", &[])?;
        let sources = self.client.get("/sources", &[])?;
        let silent = || {
            list(&sources)
                .iter()
                .filter(|one| !one["SilentSince"].is_null())
        };
        let needs_a_person = ["Unreachable", "Paused", "NotConfigured"];
        let is_well = |one: &Value| !needs_a_person.contains(&field(one, "State").as_str());
        let well = number(&queue["Counts"], "Failure") == 0
            && health["Status"] == "ok"
            && silent().count() == 0
            && list(&destinations).iter().all(is_well);
        let all = json!({ "Queue": queue, "Destinations": destinations, "Health": health, "Sources": sources });
        if !self.raw(&all) {
            let counts = &queue["Counts"];
            let oldest = match waiting(counts) {
                0 => String::new(),
                _ => format!("; oldest waiting {}", age(&queue)),
            };
            say!(
                "{} waiting, {} being sent, {} failed{oldest}; version {}",
                waiting(counts),
                number(counts, "Running"),
                number(counts, "Failure"),
                field(&queue, "Version")
            );
            for problem in list(&health["Problems"]) {
                say!(
                    "NOT WELL: {}: {}",
                    field(problem, "Part"),
                    field(problem, "Details")
                );
            }
            for warning in list(&health["Warnings"]) {
                say!(
                    "note: {}: {}",
                    field(warning, "Part"),
                    field(warning, "Details")
                );
            }
            for source in silent() {
                say!(
                    "SILENT: {}: {}",
                    field(source, "Aet"),
                    last_arrival(source, &self.times)
                );
            }
            if list(&destinations).is_empty() {
                say!("there is no destination yet: nothing is sent");
                return Ok(code(well || !check));
            }
            say!("");
            let row = |one| destination_row(one, &self.times);
            let rows: Vec<Vec<String>> = list(&destinations).iter().map(row).collect();
            let heading = [
                "DESTINATION",
                "STATE",
                "WAITING",
                "SENDING",
                "FAILED",
                "SENT",
                "OLDEST",
                "PER SECOND",
                "LAST ERROR",
            ];
            table(&heading, &rows);
        }
        Ok(code(well || !check))
    }

    pub(super) fn sources(&self) -> Done {
        let sources = self.client.get("/sources", &[])?;
        if self.raw(&sources) {
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<Vec<String>> = list(&sources)
            .iter()
            .map(|one| {
                let watched = match one["Hours"].as_f64() {
                    None => "not watched".to_owned(),
                    Some(_) if !one["SilentSince"].is_null() => "SILENT".to_owned(),
                    Some(hours) => format!("may be silent for {hours} h"),
                };
                vec![
                    field(one, "Aet"),
                    self.times.cell(one, "LastArrival"),
                    watched,
                ]
            })
            .collect();
        table(&["AET", &self.times.heading("LAST ARRIVAL"), ""], &rows);
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn serials(&self) -> Done {
        let serials = self.client.get("/serials", &[])?;
        if !self.raw(&serials) {
            let row = |one: &Value| {
                ["Name", "Prefix", "Last", "Next"]
                    .map(|key| field(one, key))
                    .to_vec()
            };
            let rows: Vec<Vec<String>> = list(&serials).iter().map(row).collect();
            table(&["NAME", "PREFIX", "LAST", "NEXT"], &rows);
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn serial(&self, name: &str, study: Option<&str>, since: u64, limit: u32) -> Done {
        let mut arguments = vec![("since", since.to_string()), ("limit", limit.to_string())];
        arguments.extend(study.map(|study| ("study", study.to_owned())));
        let given = self
            .client
            .get(&format!("/serials/{}", segment(name)), &arguments)?;
        if let (Some(study), []) = (study, list(&given)) {
            let why = format!("the study {study} has no number of the serial {name}");
            return Err(ClientError::NotFound(why).into());
        }
        if !self.raw(&given) {
            let row = |one: &Value| {
                let columns = ["Number", "SentAs", "StudyInstanceUid"];
                let mut row = columns.map(|key| field(one, key)).to_vec();
                row.push(self.times.cell(one, "Time"));
                row
            };
            let rows: Vec<Vec<String>> = list(&given).iter().map(row).collect();
            let given_at = self.times.heading("GIVEN");
            let heading = ["NUMBER", "SENT AS", "STUDY INSTANCE UID", &given_at];
            table(&heading, &rows);
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn health(&self) -> Done {
        let health = self.client.get("/health", &[])?;
        if !self.raw(&health) {
            say!("{}", field(&health, "Status"));
            for problem in list(&health["Problems"]) {
                say!("{}: {}", field(problem, "Part"), field(problem, "Details"));
            }
            for warning in list(&health["Warnings"]) {
                say!(
                    "note: {}: {}",
                    field(warning, "Part"),
                    field(warning, "Details")
                );
            }
            let verdict = health["Verdict"].as_object().into_iter().flatten();
            match verdict.filter_map(|(_, count)| count.as_u64()).sum() {
                0u64 => {}
                1 => say!("1 thing needs a person: sendqueuectl"),
                count => say!("{count} things need a person: sendqueuectl"),
            }
        }
        Ok(code(health["Status"] == "ok"))
    }
}

/// Of the oldest item that is still to be sent.
fn age(counted: &Value) -> String {
    seconds(number(counted, "OldestPendingSeconds"))
}

/// When, and what: a status in words, else what the receiver or the network said.
fn last_error(error: &Value, times: &Times) -> String {
    if error.is_null() {
        return String::new();
    }
    let key = match (
        error["DimseStatus"].is_null(),
        field(error, "Details").is_empty(),
    ) {
        (true, false) => "Details",
        _ => "Meaning",
    };
    format!("{}: {}", times.short(error, "Time"), field(error, key))
}

fn destination_row(one: &Value, times: &Times) -> Vec<String> {
    let counts = &one["Counts"];
    let rate = one["InstancesPerSecond"].as_f64().unwrap_or(0.0);
    let oldest = match waiting(counts) + number(counts, "Running") {
        0 => String::new(),
        _ => age(one),
    };
    vec![
        field(one, "Name"),
        field(one, "State"),
        waiting(counts).to_string(),
        field(counts, "Running"),
        field(counts, "Failure"),
        field(counts, "Success"),
        oldest,
        format!("{rate:.1}"),
        last_error(&one["LastError"], times),
    ]
}
