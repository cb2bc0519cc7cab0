//! What each command asks and prints.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::cli::{Cli, Command, Destinations, Filter, Operation};
use crate::client::{Client, ClientError};
use crate::filter;
use crate::reload;
use crate::route;
use crate::show::{field, number, plain, say, seconds, status, table, time};
use crate::watch;

#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{0}")]
    Use(String),
}

type Done = Result<ExitCode, Failed>;

pub fn run(cli: &Cli, command: &Command) -> Done {
    let client = Client::new(cli)?;
    let session = Session {
        client: &client,
        json: cli.json,
    };
    match command {
        Command::Status { check } => session.status(*check),
        Command::Health => session.health(),
        Command::Sources => session.sources(),
        Command::Serials {
            name: None,
            ..
        } => session.serials(),
        Command::Serials {
            name: Some(name),
            study,
            since,
            limit,
        } => session.serial(name, study.as_deref(), *since, *limit),
        Command::Errors {
            filter,
            list,
            limit,
        } => session.errors(filter, *list, *limit),
        Command::Items {
            filter,
            state,
            limit,
        } => session.items(filter, state.as_deref(), *limit),
        Command::Item { id } => session.item(*id),
        Command::Study { id } => session.study(id),
        Command::Replay(operation) => session.operate("replay", "Replayed", operation, None),
        Command::Purge { operation, yes } => session.purge(operation, *yes),
        Command::Redirect { operation, to } => {
            session.operate("redirect", "Redirected", operation, Some(to))
        }
        Command::Pause(names) => session.steer("pause", names),
        Command::Resume(names) => session.steer("resume", names),
        Command::SendNow(names) => session.steer("send-now", names),
        Command::Echo(names) => session.echo(names),
        Command::Enqueue {
            ids,
            to,
            priority,
            quiet,
            dry_run,
        } => session.enqueue(&json!({
            "Resources": ids, "Destinations": to, "Priority": priority, "QuietSeconds": quiet, "DryRun": dry_run,
        })),
        Command::Route { what, sender } => {
            let question = route::question(what, sender).map_err(Failed::Use)?;
            let answer = client.post("/route", &question)?;
            if !session.raw(&answer) {
                route::print(&answer);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Watch {
            destination,
            study,
            every,
        } => {
            let what = watch::What::new(destination.as_deref(), study.as_deref());
            watch::run(&client, &what, *every, cli.json)
        }
        Command::Reload { section } => {
            Ok(reload::run(&client, section.as_deref(), cli.json)?)
        }
        Command::Check { .. } | Command::Completions { .. } => Ok(ExitCode::SUCCESS),
    }
}

struct Session<'a> {
    client: &'a Client,
    json: bool,
}

/// All but what RFC 3986, 2.3 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The part of a URL for a name or identifier that may hold anything.
pub fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn waiting(counts: &Value) -> u64 {
    ["Scheduled", "Pending", "Retry"]
        .iter()
        .map(|state| number(counts, state))
        .sum()
}

fn last_arrival(source: &Value) -> String {
    match time(source, "LastArrival") {
        none if none.is_empty() => "nothing has come from it".to_owned(),
        last => format!("nothing has come from it since {last} UTC"),
    }
}

fn code(well: bool) -> ExitCode {
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Session<'_> {
    /// Prints the JSON if it was asked for; whether it was.
    fn raw(&self, value: &Value) -> bool {
        if self.json {
            // JSON escapes control characters itself, but for those above ASCII.
            say!("{}", plain(&format!("{value:#}")));
        }
        self.json
    }

    fn status(&self, check: bool) -> Done {
        let queue = self.client.get("", &[])?;
        if queue["Enabled"] == false {
            if !self.raw(&queue) {
                say!("the send queue is off (SendQueue.Enable is false)");
            }
            return Ok(code(!check));
        }
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
            say!(
                "{} waiting, {} being sent, {} failed; oldest waiting {}; version {}",
                waiting(counts),
                number(counts, "Running"),
                number(counts, "Failure"),
                seconds(number(&queue, "OldestPendingSeconds")),
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
                say!("SILENT: {}: {}", field(source, "Aet"), last_arrival(source));
            }
            say!("");
            let rows: Vec<Vec<String>> = list(&destinations).iter().map(destination_row).collect();
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

    fn sources(&self) -> Done {
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
                vec![field(one, "Aet"), time(one, "LastArrival"), watched]
            })
            .collect();
        table(&["AET", "LAST ARRIVAL (UTC)", ""], &rows);
        Ok(ExitCode::SUCCESS)
    }

    fn serials(&self) -> Done {
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

    fn serial(&self, name: &str, study: Option<&str>, since: u64, limit: u32) -> Done {
        let mut arguments = vec![("since", since.to_string()), ("limit", limit.to_string())];
        arguments.extend(study.map(|study| ("study", study.to_owned())));
        let given = self
            .client
            .get(&format!("/serials/{}", segment(name)), &arguments)?;
        if !self.raw(&given) {
            let row = |one: &Value| {
                let number = field(one, "Number");
                vec![number, field(one, "StudyInstanceUid"), time(one, "Time")]
            };
            let rows: Vec<Vec<String>> = list(&given).iter().map(row).collect();
            table(&["NUMBER", "STUDY INSTANCE UID", "GIVEN (UTC)"], &rows);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn health(&self) -> Done {
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
        }
        Ok(code(health["Status"] == "ok"))
    }

    fn errors(&self, filter: &Filter, items: bool, limit: u32) -> Done {
        let narrowed = !filter::arguments(filter).is_empty();
        if items || narrowed {
            let mut arguments = filter::arguments(filter);
            arguments.push(("limit", limit.to_string()));
            arguments.push(("order", "desc".to_owned()));
            let found = self.client.get("/errors", &arguments)?;
            self.item_table(&found, limit);
            return Ok(ExitCode::SUCCESS);
        }
        let summary = self.client.get("/errors/summary", &[])?;
        if self.raw(&summary) {
            return Ok(ExitCode::SUCCESS);
        }
        if list(&summary).is_empty() {
            say!("the error queue is empty");
            return Ok(ExitCode::SUCCESS);
        }
        for kind in list(&summary) {
            say!(
                "{} {} {}: {} items, {} to {} UTC",
                field(kind, "Destination"),
                field(kind, "Class"),
                status(kind, "Status"),
                number(kind, "Count"),
                time(kind, "Oldest"),
                time(kind, "Newest")
            );
            for key in ["Meaning", "Advice", "Example"] {
                let text = field(kind, key);
                if !text.is_empty() {
                    say!("    {text}");
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn items(&self, filter: &Filter, state: Option<&str>, limit: u32) -> Done {
        let mut arguments = filter::arguments(filter);
        if let Some(state) = state {
            arguments.push(("state", state.to_owned()));
        }
        arguments.push(("limit", limit.to_string()));
        arguments.push(("order", "desc".to_owned()));
        let found = self.client.get("/items", &arguments)?;
        self.item_table(&found, limit);
        Ok(ExitCode::SUCCESS)
    }

    fn item_table(&self, found: &Value, limit: u32) {
        if self.raw(found) {
            return;
        }
        let rows: Vec<Vec<String>> = list(found)
            .iter()
            .map(|item| {
                vec![
                    field(item, "ID"),
                    field(item, "State"),
                    field(item, "Destination"),
                    time(item, "CreationTime"),
                    field(item, "AttemptCount"),
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
            "MADE (UTC)",
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

    fn item(&self, id: u64) -> Done {
        let item = self.client.get(&format!("/items/{id}"), &[])?;
        if self.raw(&item) {
            return Ok(ExitCode::SUCCESS);
        }
        for (key, value) in item.as_object().into_iter().flatten() {
            if !value.is_array() && !value.is_null() {
                say!("{:<16} {}", plain(key), field(&item, key));
            }
        }
        say!("");
        let rows: Vec<Vec<String>> = list(&item["Attempts"])
            .iter()
            .map(|one| {
                vec![
                    field(one, "Number"),
                    time(one, "Time"),
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
                "TIME (UTC)",
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

    fn study(&self, id: &str) -> Done {
        let study = self.client.get(&format!("/studies/{}", segment(id)), &[])?;
        if self.raw(&study) {
            return Ok(ExitCode::SUCCESS);
        }
        if study["InOrthanc"] == false {
            say!("it is no longer in Orthanc");
        }
        let rows: Vec<Vec<String>> = list(&study["Destinations"])
            .iter()
            .map(|one| {
                let counts = &one["Counts"];
                vec![
                    field(one, "Destination"),
                    field(counts, "Success"),
                    waiting(counts).to_string(),
                    field(counts, "Running"),
                    field(counts, "Failure"),
                    time(one, "FirstCreationTime"),
                    time(one, "LastCompletionTime"),
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
                "FIRST (UTC)",
                "LAST (UTC)",
            ],
            &rows,
        );
        Ok(ExitCode::SUCCESS)
    }

    fn operate(&self, verb: &str, key: &str, operation: &Operation, to: Option<&str>) -> Done {
        let mut body = filter::body(operation);
        if let Some(to) = to {
            body.insert("To".to_owned(), to.into());
        }
        self.post_operation(verb, key, body, operation.dry_run)
    }

    fn post_operation(
        &self,
        verb: &str,
        key: &str,
        mut body: Map<String, Value>,
        dry_run: bool,
    ) -> Done {
        body.insert("DryRun".to_owned(), dry_run.into());
        let done = self
            .client
            .post(&format!("/errors/{verb}"), &Value::Object(body))?;
        if !self.raw(&done) {
            let count = number(&done, key);
            if dry_run {
                say!("{count} items fit; nothing was changed");
            } else {
                say!("{}: {count} items", key.to_lowercase());
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Asks, unless told not to: what is purged nobody sends.
    fn purge(&self, operation: &Operation, yes: bool) -> Done {
        let mut body = filter::body(operation);
        if !operation.dry_run && !yes {
            let everything = operation.all && body.len() == 1;
            if everything {
                body.clear();
            }
            if everything || !body.is_empty() && !body.contains_key("IDs") {
                // What fails from here on is neither counted nor asked about.
                let now = self.client.get("", &[])?["Time"].clone();
                body.insert("FailedBefore".to_owned(), now);
            }
            let mut dry = body.clone();
            dry.insert("DryRun".to_owned(), true.into());
            let dry = Value::Object(dry);
            let count = number(&self.client.post("/errors/purge", &dry)?, "Purged");
            if !io::stdin().is_terminal() {
                return Err(Failed::Use(format!(
                    "{count} items would be purged: nobody can be asked here, so say --yes if that is meant"
                )));
            }
            eprint!("Purge {count} items? Nobody will send them. [y/N] ");
            let _ = io::stderr().flush();
            let mut answer = String::new();
            let _ = io::stdin().read_line(&mut answer);
            if !matches!(answer.trim(), "y" | "Y" | "yes") {
                eprintln!("nothing was changed");
                return Ok(ExitCode::FAILURE);
            }
        }
        self.post_operation("purge", "Purged", body, operation.dry_run)
    }

    fn steer(&self, verb: &str, names: &Destinations) -> Done {
        let mut answers = Vec::new();
        for name in &names.names {
            let answer = self.client.post(
                &format!("/destinations/{}/{verb}", segment(name)),
                &json!({}),
            )?;
            if !self.json {
                say!("{}: {}", field(&answer, "Name"), field(&answer, "State"));
            }
            answers.push(answer);
        }
        self.raw(&Value::Array(answers));
        Ok(ExitCode::SUCCESS)
    }

    fn echo(&self, names: &Destinations) -> Done {
        let mut answers = Vec::new();
        for name in &names.names {
            let mut answer = self
                .client
                .post(&format!("/destinations/{}/echo", segment(name)), &json!({}))?;
            if !self.json {
                match answer["Milliseconds"].as_f64() {
                    Some(took) => say!("{}: answered in {took:.1} ms", plain(name)),
                    None => say!("{}: {}", plain(name), field(&answer, "Error")),
                }
            }
            answer["Name"] = json!(name);
            answers.push(answer);
        }
        let well = answers.iter().all(|answer| answer["Success"] == true);
        self.raw(&Value::Array(answers));
        Ok(code(well))
    }

    fn enqueue(&self, body: &Value) -> Done {
        let done = self.client.post("/items", body)?;
        if !self.raw(&done) {
            say!(
                "enqueued: {} items, already queued: {}",
                number(&done, "Enqueued"),
                number(&done, "AlreadyQueued")
            );
            if body["DryRun"] == true {
                say!("(nothing was changed)");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn destination_row(one: &Value) -> Vec<String> {
    let counts = &one["Counts"];
    let error = &one["LastError"];
    let rate = one["InstancesPerSecond"].as_f64().unwrap_or(0.0);
    let words = match field(error, "Meaning") {
        words if words.is_empty() => field(error, "Class"),
        words => words,
    };
    vec![
        field(one, "Name"),
        field(one, "State"),
        waiting(counts).to_string(),
        field(counts, "Running"),
        field(counts, "Failure"),
        field(counts, "Success"),
        seconds(number(one, "OldestPendingSeconds")),
        format!("{rate:.1}"),
        words,
    ]
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_name_stays_one_segment_of_a_path() {
        assert_eq!(segment("pacs-1_A").to_string(), "pacs-1_A");
        assert_eq!(segment("../a b?c#ä").to_string(), "..%2Fa%20b%3Fc%23%C3%A4");
    }
}
