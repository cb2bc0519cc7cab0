//! What each command asks and prints.

mod acts;
mod deliveries;
mod items;
mod journal;
mod queue;
mod retention;
mod search;
mod sent;
mod studies;
mod sweep;
mod tries;
mod verdict;
mod waits;

use std::process::ExitCode;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Value, json};

use crate::cli::{Cli, Command};
use crate::client::{Client, ClientError};
use crate::reload;
use crate::route;
use crate::show::{number, plain, say};
use crate::times::Times;
use crate::watch;

#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{0}")]
    Use(String),
    #[error("the output cannot be written: {0}")]
    Output(std::io::Error),
}

type Done = Result<ExitCode, Failed>;

/// `None`: what needs a person.
pub fn run(cli: &Cli, mut command: Option<Command>) -> Done {
    let client = Client::new(cli)?;
    let session = Session {
        client: &client,
        json: cli.json,
        times: Times::new(cli.utc),
    };
    if let Some(name) = command.as_ref().and_then(Command::destination) {
        session.must_be_known(name)?;
    }
    if let Some(study) = command.as_mut().and_then(Command::study) {
        *study = session.study_of(study)?;
    }
    for resource in command.iter_mut().flat_map(Command::resources) {
        *resource = session.resource(resource)?;
    }
    let Some(command) = &command else {
        return session.verdict();
    };
    match command {
        Command::Status { check } => session.status(*check),
        Command::Health => session.health(),
        Command::Sources => session.sources(),
        Command::Journal(what) => session.journal(what),
        Command::Deliveries(what) => session.deliveries(what),
        Command::Retention(what) => session.retention(what),
        Command::Serials { name: None, .. } => session.serials(),
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
            confirmation,
            limit,
        } => session.items(filter, state, confirmation.as_deref(), *limit),
        Command::Studies {
            filter,
            state,
            limit,
        } => session.studies(filter, state, *limit),
        Command::Item { id } => session.item(*id),
        Command::Search { text } => session.search(text),
        Command::Study { id } => session.study(id),
        Command::Replay(operation) => session.operate("replay", "Replayed", operation, None),
        Command::Purge { operation, yes } => session.purge(operation, *yes),
        Command::Redirect {
            operation,
            waiting,
            which,
            to,
            yes,
        } => session.redirect(operation, *waiting, which, to, *yes),
        Command::Remove(waiting) => session.sweep(&sweep::REMOVE, waiting, None),
        Command::Priority { priority, waiting } => {
            session.sweep(&sweep::PRIORITY, waiting, Some(("Priority", priority)))
        }
        Command::Pause(destinations) => session.steer("pause", &destinations.names),
        Command::Resume(destinations) => session.steer("resume", &destinations.names),
        Command::SendNow { what, waiting } => session.send_now(what, waiting),
        Command::Cancel { items, waiting } => session.cancel(items, waiting),
        Command::Echo(names) => session.echo(names),
        Command::Confirm { destination, study } => session.confirm(destination, study),
        Command::Enqueue {
            ids,
            to,
            priority,
            quiet,
            dry_run,
        } => {
            session.enqueue(&json!({
                "Resources": ids, "Destinations": to, "Priority": priority, "QuietSeconds": quiet, "DryRun": dry_run,
            }))
        }
        Command::Route { what, sender } => {
            let question = route::question(what, sender).map_err(Failed::Use)?;
            let answer = client.post("/route", &question)?;
            if !session.raw(&answer) {
                route::print(&answer);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Preview {
            destination,
            instance,
        } => session.preview(destination, instance),
        Command::Sent { item } => session.sent(*item),
        Command::Watch {
            destination,
            study,
            every,
            timeout,
        } => {
            let what = watch::What::new(destination.as_deref(), study.as_deref());
            watch::run(&session, &what, *every, *timeout)
        }
        Command::Reload { section } => {
            reload::run(&client, section.as_deref(), cli.json).map_err(|error| match error {
                // Not the command is wrong, but the section.
                ClientError::BadInput(mistakes) => ClientError::Refused(mistakes).into(),
                error => error.into(),
            })
        }
        Command::Check { .. }
        | Command::Init { .. }
        | Command::Completions { .. }
        | Command::Man { .. } => Ok(ExitCode::SUCCESS),
    }
}

pub struct Session<'a> {
    pub client: &'a Client,
    pub json: bool,
    pub times: Times,
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

fn code(well: bool) -> ExitCode {
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Session<'_> {
    /// What fits a name that nobody knows is nothing, and looks like a queue that is well.
    fn must_be_known(&self, destination: &str) -> Result<(), ClientError> {
        let path = format!("/destinations/{}", segment(destination));
        self.client.get(&path, &[]).map(drop)
    }

    /// Prints the JSON if it was asked for; whether it was.
    fn raw(&self, value: &Value) -> bool {
        if self.json {
            // JSON escapes control characters itself, but for those above ASCII.
            say!("{}", plain(&format!("{value:#}")));
        }
        self.json
    }
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
