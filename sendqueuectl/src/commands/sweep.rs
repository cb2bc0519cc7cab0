//! What is done to all that fits a filter: counted first, and asked about.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::{Map, Value};

use super::waits::tell;
use super::{Done, Failed, Session, code, list, segment};
use crate::cli::{Operation, Waiting, Which};
use crate::filter;
use crate::held::Held;
use crate::show::{items, number, plain, say};

/// A call that counts with `DryRun`.
pub struct Verb {
    path: &'static str,
    /// The field with what was done.
    done: &'static str,
    ask: &'static str,
    /// What follows for the items.
    then: &'static str,
    /// The field that leaves out what comes while a person is asked.
    before: &'static str,
}

pub const CANCEL: Verb = waiting("/items/cancel", "Cancelled", "Cancel", "They are not sent.");
pub const REDIRECT: Verb = waiting("/items/redirect", "Redirected", "Redirect", "");
pub const PRIORITY: Verb = waiting("/items/priority", "Changed", "Change the priority of", "");
pub const SEND_NOW: Verb = waiting("/items/send-now", "Sent", "Send now", "");
pub const REMOVE: Verb = waiting(
    "/items/remove",
    "Removed",
    "Remove",
    "Nobody will send them.",
);
pub const PURGE: Verb = Verb {
    path: "/errors/purge",
    done: "Purged",
    ask: "Purge",
    then: "Nobody will send them.",
    before: "FailedBefore",
};

const fn waiting(
    path: &'static str,
    done: &'static str,
    ask: &'static str,
    then: &'static str,
) -> Verb {
    Verb {
        path,
        done,
        ask,
        then,
        before: "MadeBefore",
    }
}

/// What is named is done at once, without a filter.
fn alone(waiting: &Waiting) -> Result<(), Failed> {
    match filter::waiting(waiting).is_empty() && !waiting.dry_run {
        true => Ok(()),
        false => Err(Failed::Use(
            "either what is named, or options that say which items: not both".to_owned(),
        )),
    }
}

/// What send-now does not go through either. A pause the server tells.
fn past_windows(mut held: Vec<Held>) -> Vec<Held> {
    held.retain(|one| !["OutsideWindow", "Paused"].contains(&one.state.as_str()));
    held
}

impl Session<'_> {
    /// Of items, by their numbers, and of destinations; or of what fits.
    pub(super) fn send_now(&self, what: &[String], waiting: &Waiting) -> Done {
        if what.is_empty() {
            return self.sweep(&SEND_NOW, waiting, None);
        }
        alone(waiting)?;
        let paths = what.iter().map(|what| match what.parse::<u64>() {
            Ok(id) => (format!("item {id}"), format!("/items/{id}/send-now")),
            Err(_) => {
                let path = format!("/destinations/{}/send-now", segment(what));
                (plain(what), path)
            }
        });
        let (done, answers) = self.each(paths);
        tell(&past_windows(self.held_at(&answers)));
        done
    }

    /// Of items, by their numbers; or of what fits.
    pub(super) fn cancel(&self, items: &[u64], waiting: &Waiting) -> Done {
        if items.is_empty() {
            return self.sweep(&CANCEL, waiting, None);
        }
        alone(waiting)?;
        let paths = items.iter();
        self.each(paths.map(|id| (format!("item {id}"), format!("/items/{id}/cancel"))))
            .0
    }

    /// Of the error queue, or of what waits.
    pub(super) fn redirect(
        &self,
        operation: &Operation,
        waiting: bool,
        which: &Which,
        to: &str,
        yes: bool,
    ) -> Done {
        if waiting {
            let mut body = filter::body(operation);
            filter::which(which, &mut body);
            body.insert("To".to_owned(), to.into());
            return self.post_sweep(&REDIRECT, body, operation.dry_run, yes);
        }
        if !which.state.is_empty() || which.rule.is_some() {
            return Err(Failed::Use(
                "--state and --rule are for what waits: say --waiting".to_owned(),
            ));
        }
        self.operate("redirect", "Redirected", operation, Some(to))
    }

    /// `more`: a field besides the filter.
    pub(super) fn sweep(&self, verb: &Verb, waiting: &Waiting, more: Option<(&str, &str)>) -> Done {
        let mut body = filter::waiting(waiting);
        if let Some((name, value)) = more {
            body.insert(name.to_owned(), value.into());
        }
        self.post_sweep(verb, body, waiting.dry_run, waiting.yes)
    }

    fn post_sweep(
        &self,
        verb: &Verb,
        mut body: Map<String, Value>,
        dry_run: bool,
        yes: bool,
    ) -> Done {
        filter::narrow(&body, filter::OF_WAITING).map_err(Failed::Use)?;
        if !dry_run && !yes && !self.may(verb, &mut body)? {
            return Ok(ExitCode::FAILURE);
        }
        let held = match verb.path {
            _ if dry_run => Vec::new(),
            path if path == REDIRECT.path => {
                self.held_among(&[body["To"].as_str().unwrap_or_default()])
            }
            path if path == SEND_NOW.path => {
                past_windows(self.held_of_fitting(path, verb.done, &body))
            }
            _ => Vec::new(),
        };
        body.insert("DryRun".to_owned(), dry_run.into());
        let answer = self.client.post(verb.path, &Value::Object(body))?;
        let paused = list(&answer["Paused"]);
        if !self.raw(&answer) {
            let count = number(&answer, verb.done);
            for name in paused {
                let name = plain(name.as_str().unwrap_or_default());
                say!("{name} is paused: what waits for it is sent when it is resumed");
            }
            if dry_run {
                let done = verb.done.to_lowercase();
                say!("{} would be {done}; nothing was changed", items(count));
            } else if verb.path == SEND_NOW.path {
                say!("first in line: {}", items(count));
            } else {
                say!("{}: {}", verb.done.to_lowercase(), items(count));
            }
            let running = number(&answer, "Running");
            if running > 0 {
                say!("left, because they are being sent: {running}");
            }
        }
        if number(&answer, verb.done) > 0 {
            tell(&held);
        }
        Ok(code(paused.is_empty()))
    }

    /// Counts, and asks. What is made from here on is neither counted nor changed, and nothing is where more fit than
    /// were counted.
    ///
    /// # Errors
    /// Where nobody can be asked.
    pub(super) fn may(&self, verb: &Verb, body: &mut Map<String, Value>) -> Result<bool, Failed> {
        let fields = |body: &Map<String, Value>| {
            let besides = ["To", "Priority", "All"];
            body.keys()
                .filter(|key| !besides.contains(&key.as_str()))
                .count()
        };
        let everything = body.get("All") == Some(&Value::Bool(true)) && fields(body) == 0;
        if everything {
            body.remove("All");
        }
        if everything || fields(body) > 0 && !body.contains_key("IDs") {
            let now = self.client.queue()?["Time"].clone();
            body.insert(verb.before.to_owned(), now);
        }
        let mut dry = body.clone();
        dry.insert("DryRun".to_owned(), true.into());
        let count = number(
            &self.client.post(verb.path, &Value::Object(dry))?,
            verb.done,
        );
        if !io::stdin().is_terminal() {
            return Err(Failed::Use(format!(
                "{} would be {}: nobody can be asked here, so say --yes if that is meant",
                items(count),
                verb.done.to_lowercase()
            )));
        }
        let question = format!("{} {}? {}", verb.ask, items(count), verb.then);
        eprint!("{} [y/N] ", question.trim_end());
        let _ = io::stderr().flush();
        let mut answer = String::new();
        let _ = io::stdin().read_line(&mut answer);
        let yes = matches!(answer.trim(), "y" | "Y" | "yes");
        if !yes {
            eprintln!("nothing was changed");
        }
        body.insert("AtMost".to_owned(), count.into());
        Ok(yes)
    }
}
