//! `watch`: a bar that grows until nothing is left to be sent.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::client::{Client, ClientError};
use crate::commands::{Failed, segment};
use crate::show::{number, plain, say};

/// What is watched: a path of the API, whether it is a study, and of that a destination alone.
pub struct What {
    path: String,
    is_study: bool,
    only: Option<String>,
}

/// Items now: still to be sent, acknowledged, failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seen {
    open: u64,
    sent: u64,
    failed: u64,
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

    fn look(&self, client: &Client) -> Result<Seen, ClientError> {
        let answer = client.get(&self.path, &[])?;
        let mut seen = Seen::default();
        let parts: Vec<&Value> = if self.is_study {
            let destinations = answer["Destinations"].as_array();
            destinations
                .into_iter()
                .flatten()
                .filter(|one| {
                    let name = one["Destination"].as_str();
                    self.only.is_none() || name == self.only.as_deref()
                })
                .map(|one| &one["Counts"])
                .collect()
        } else {
            vec![&answer["Counts"]]
        };
        for counts in parts {
            for state in ["Scheduled", "Pending", "Running", "Retry"] {
                seen.open += number(counts, state);
            }
            seen.sent += number(counts, "Success");
            seen.failed += number(counts, "Failure");
        }
        Ok(seen)
    }
}

pub fn run(client: &Client, what: &What, every: f64, json: bool) -> Result<ExitCode, Failed> {
    if !(0.05..=3600.0).contains(&every) {
        return Err(Failed::Use("--every: 0.05 to 3600 seconds".to_owned()));
    }
    if let (true, Some(name)) = (what.is_study, &what.only) {
        // A name that nobody knows would be watched in vain.
        client.get(&format!("/destinations/{}", segment(name)), &[])?;
    }
    let first = what.look(client)?;
    let bar = bar(json, &first);
    let mut lost = false;
    let mut last = first;
    // A replay by somebody else lowers the number: what fails after it counts all the same.
    let mut failed = 0;
    loop {
        match what.look(client) {
            Ok(seen) => {
                lost = false;
                failed += seen.failed.saturating_sub(last.failed);
                last = seen;
                // New arrivals make the whole longer, pruned ones shorter.
                let done = seen.sent.saturating_sub(first.sent) + failed;
                bar.set_length(done + seen.open);
                bar.set_position(done);
                bar.set_message(format!("{} failed", seen.failed));
                if !json && bar.is_hidden() {
                    say!("{} waiting, {} failed", seen.open, seen.failed);
                }
                if json {
                    say!(
                        "{}",
                        json!({ "Open": seen.open, "Success": seen.sent, "Failure": seen.failed })
                    );
                }
                if seen.open == 0 {
                    bar.finish();
                    // A study may have failed before anybody looked.
                    let whole = failed == 0 && !(what.is_study && seen.failed > 0);
                    return Ok(if whole {
                        ExitCode::SUCCESS
                    } else {
                        ExitCode::FAILURE
                    });
                }
            }
            // Orthanc may be restarted while somebody watches.
            Err(error @ ClientError::Unreachable { .. }) => {
                if !std::mem::replace(&mut lost, true) {
                    eprintln!("{} Trying on.", plain(&error.to_string()));
                }
            }
            Err(error) => return Err(error.into()),
        }
        std::thread::sleep(Duration::from_secs_f64(every));
    }
}

fn bar(json: bool, first: &Seen) -> ProgressBar {
    if json || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{wide_bar} {pos} of {len} ({per_sec}, {eta} left) {msg}");
    let bar = ProgressBar::new(first.open);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
