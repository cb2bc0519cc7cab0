//! What changes something: the error queue, destinations, what is queued.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::{Done, Failed, Session, code, list, segment};
use crate::cli::{Destinations, Operation};
use crate::filter;
use crate::show::{field, items, number, plain, say};

impl Session<'_> {
    pub(super) fn operate(
        &self,
        verb: &str,
        key: &str,
        operation: &Operation,
        to: Option<&str>,
    ) -> Done {
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
        // With other conditions beside them fewer may be meant.
        let only_named = body.keys().all(|key| ["IDs", "To"].contains(&key.as_str()));
        let named = match only_named {
            true => body.get("IDs").map_or(0, |ids| list(ids).len() as u64),
            false => 0,
        };
        body.insert("DryRun".to_owned(), dry_run.into());
        let done = self
            .client
            .post(&format!("/errors/{verb}"), &Value::Object(body))?;
        if !self.raw(&done) {
            let count = number(&done, key);
            if dry_run {
                let fit = if count == 1 { "fits" } else { "fit" };
                say!("{} {fit}; nothing was changed", items(count));
            } else {
                say!("{}: {}", key.to_lowercase(), items(count));
            }
        }
        // Items that were named, and that are not (or no longer) in the error queue.
        if number(&done, key) < named {
            eprintln!(
                "sendqueuectl: {} of {named} named: the others are not in the error queue (sendqueuectl item ITEM)",
                items(number(&done, key))
            );
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Asks, unless told not to: what is purged nobody sends.
    pub(super) fn purge(&self, operation: &Operation, yes: bool) -> Done {
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
                    "{} would be purged: nobody can be asked here, so say --yes if that is meant",
                    items(count)
                )));
            }
            eprint!("Purge {}? Nobody will send them. [y/N] ", items(count));
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

    pub(super) fn steer(&self, verb: &str, names: &[String]) -> Done {
        let paths = names.iter().map(|name| {
            let path = format!("/destinations/{}/{verb}", segment(name));
            (plain(name), path)
        });
        self.each(paths)
    }

    /// Of an item, by its number; else of a destination.
    pub(super) fn send_now(&self, what: &[String]) -> Done {
        let paths = what.iter().map(|what| match what.parse::<u64>() {
            Ok(id) => (format!("item {id}"), format!("/items/{id}/send-now")),
            Err(_) => {
                let path = format!("/destinations/{}/send-now", segment(what));
                (plain(what), path)
            }
        });
        self.each(paths)
    }

    pub(super) fn cancel(&self, ids: &[u64]) -> Done {
        let paths = ids.iter();
        self.each(paths.map(|id| (format!("item {id}"), format!("/items/{id}/cancel"))))
    }

    /// Posts to each path, and says what its state is then.
    fn each(&self, paths: impl Iterator<Item = (String, String)>) -> Done {
        let mut answers = Vec::new();
        for (name, path) in paths {
            let answer = self.client.post(&path, &json!({}))?;
            if !self.json {
                say!("{name}: {}", field(&answer, "State"));
            }
            answers.push(answer);
        }
        self.raw(&Value::Array(answers));
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn echo(&self, names: &Destinations) -> Done {
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

    pub(super) fn enqueue(&self, body: &Value) -> Done {
        let done = self.client.post("/items", body)?;
        if !self.raw(&done) {
            say!(
                "enqueued: {}, already queued: {}",
                items(number(&done, "Enqueued")),
                number(&done, "AlreadyQueued")
            );
            if body["DryRun"] == true {
                say!("(nothing was changed)");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
