//! `watch`: a bar that grows until nothing is left to be sent.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::client::ClientError;
use crate::commands::{Failed, Session, segment};
use crate::exit::End;
use crate::held::Held;
use crate::show::{failed, items, number, plain, say};

/// Between two lines, where there is no bar.
const LINES: Duration = Duration::from_secs(10);

/// What is watched: a path of the API, whether it is a study, and of that a destination alone.
pub struct What {
    path: String,
    is_study: bool,
    only: Option<String>,
}

/// Items now: still to be sent, acknowledged, failed; and at how many places there are some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seen {
    open: u64,
    sent: u64,
    failed: u64,
    places: usize,
}

impl What {
    pub fn new(destination: Option<&str>, study: Option<&str>) -> Self {
        let path = match (destination, study) {
            (_, Some(id)) => format!("/studies/{}", segment(id)),
            (Some(name), None) => format!("/destinations/{}", segment(name)),
            (None, None) => String::new(),
        };
        Self {
            path,
            is_study: study.is_some(),
            only: destination.map(str::to_owned),
        }
    }

    fn look(&self, session: &Session<'_>) -> Result<(Seen, Vec<Held>), ClientError> {
        let client = session.client;
        let answer = match self.path.as_str() {
            "" => client.queue()?,
            path => client.get(path, &[])?,
        };
        let mut seen = Seen::default();
        let mut open_for: Vec<&Value> = Vec::new();
        let parts: Vec<&Value> = if self.is_study {
            let destinations = answer["Destinations"].as_array();
            destinations
                .into_iter()
                .flatten()
                .filter(|one| {
                    let name = one["Destination"].as_str();
                    self.only.is_none() || name == self.only.as_deref()
                })
                .collect()
        } else {
            vec![&answer]
        };
        seen.places = parts.len();
        for part in parts {
            let counts = &part["Counts"];
            if open(counts) > 0 {
                open_for.push(&part["Destination"]);
            }
            seen.open += open(counts);
            seen.sent += number(counts, "Success");
            seen.failed += number(counts, "Failure");
        }
        if seen.open == 0 {
            return Ok((seen, Vec::new()));
        }
        let destinations = client.get("/destinations", &[])?;
        let is_meant = |one: &&Value| match self.is_study {
            true => open_for.contains(&&one["Name"]),
            false => {
                let name = one["Name"].as_str();
                open(&one["Counts"]) > 0 && (self.only.is_none() || name == self.only.as_deref())
            }
        };
        let all = destinations.as_array().into_iter().flatten();
        let held = all
            .filter(is_meant)
            .map(|one| Held::of(one, &session.times));
        let held: Option<Vec<Held>> = held.collect();
        Ok((seen, held.unwrap_or_default()))
    }
}

/// Items that are still to be sent.
fn open(counts: &Value) -> u64 {
    ["Scheduled", "Pending", "Running", "Retry"]
        .iter()
        .map(|state| number(counts, state))
        .sum()
}

/// `every`, `timeout`: seconds.
pub fn run(
    session: &Session<'_>,
    what: &What,
    every: f64,
    timeout: Option<u64>,
) -> Result<ExitCode, Failed> {
    if !(0.05..=3600.0).contains(&every) {
        return Err(Failed::Use("--every: 0.05 to 3600 seconds".to_owned()));
    }
    let began = Instant::now();
    let left = || timeout.map(|most| Duration::from_secs(most).saturating_sub(began.elapsed()));
    let json = session.json;
    let (first, _) = what.look(session)?;
    if first.places == 0 {
        return Err(ClientError::NotFound("nothing of it is queued".to_owned()).into());
    }
    let bar = bar(json, &first);
    let mut lines = Lines::default();
    let mut told: Vec<Held> = Vec::new();
    let mut lost = false;
    let mut last = first;
    // A replay by somebody else lowers the number: what fails after it counts all the same.
    let mut newly_failed = 0;
    loop {
        let is_over = left().is_some_and(|left| left.is_zero());
        match what.look(session) {
            Ok((seen, held)) => {
                lost = false;
                newly_failed += seen.failed.saturating_sub(last.failed);
                last = seen;
                // New arrivals make the whole longer, pruned ones shorter.
                let done = seen.sent.saturating_sub(first.sent) + newly_failed;
                bar.set_length(done + seen.open);
                bar.set_position(done);
                bar.set_message(message(&bar, &seen, done, &held));
                let is_last = is_over || seen.open == 0;
                if is_last {
                    bar.finish_and_clear();
                }
                if is_last || bar.is_hidden() {
                    lines.tell(line(json, &seen, &held), is_last);
                }
                if held != told && !json {
                    bar.suspend(|| held.iter().for_each(|one| eprintln!("{}", one.words())));
                }
                told = held;
                if seen.open == 0 {
                    if seen.failed > 0 && !json {
                        let failed = items(seen.failed);
                        eprintln!("{failed} in the error queue: sendqueuectl errors");
                    }
                    // A study may have failed before anybody looked.
                    let whole = newly_failed == 0 && !(what.is_study && seen.failed > 0);
                    return Ok(match whole {
                        true => ExitCode::SUCCESS,
                        false => ExitCode::FAILURE,
                    });
                }
            }
            // Orthanc may be restarted while somebody watches.
            Err(error @ (ClientError::Unreachable { .. } | ClientError::Proxy { .. }))
                if !is_over =>
            {
                if !std::mem::replace(&mut lost, true) {
                    let why = plain(&error.to_string());
                    bar.suspend(|| eprintln!("{why} Trying on."));
                }
            }
            Err(error) => {
                bar.finish_and_clear();
                return Err(error.into());
            }
        }
        if is_over {
            let wait = if last.open == 1 { "waits" } else { "wait" };
            let why = format!("the time is over, and {} {wait}", items(last.open));
            return Ok(failed(json, &why, End::NeedsAPerson));
        }
        let pause = Duration::from_secs_f64(every);
        std::thread::sleep(left().map_or(pause, |left| left.min(pause)));
    }
}

/// How long it takes is known only where something goes.
fn message(bar: &ProgressBar, seen: &Seen, done: u64, held: &[Held]) -> String {
    let failed = format!("{} failed", seen.failed);
    if !held.is_empty() {
        return format!("{failed}, nothing goes now");
    }
    match done {
        0 => failed,
        _ => format!("{failed}, {} left", HumanDuration(bar.eta())),
    }
}

/// One look, where there is no bar.
fn line(json: bool, seen: &Seen, held: &[Held]) -> String {
    if !json {
        return format!("{} waiting, {} failed", seen.open, seen.failed);
    }
    let held: Vec<Value> = held
        .iter()
        .map(|one| json!({ "Destination": one.destination, "State": one.state }))
        .collect();
    let line =
        json!({ "Open": seen.open, "Success": seen.sent, "Failure": seen.failed, "Held": held });
    plain(&line.to_string())
}

/// What was told last, and when: logs and mails are not filled with what did not change.
#[derive(Default)]
struct Lines(Option<(Instant, String)>);

impl Lines {
    fn tell(&mut self, line: String, is_last: bool) {
        let is_due = self
            .0
            .as_ref()
            .is_none_or(|(at, told)| *told != line && (is_last || at.elapsed() >= LINES));
        if is_due {
            say!("{line}");
            self.0 = Some((Instant::now(), line));
        }
    }
}

fn bar(json: bool, first: &Seen) -> ProgressBar {
    if json || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} ({per_sec}) {msg}");
    let bar = ProgressBar::new(first.open);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
