//! What changes something: the error queue, destinations, what is queued.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::{Done, Session, code, list, segment, sweep};
use crate::cli::{Destinations, Operation};
use crate::filter;
use crate::show::{field, items, number, plain, say};

/// Of a destination, or of an item's.
fn is_paused(answer: &Value) -> bool {
    answer["State"] == "Paused" || answer["Paused"] == true
}

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
        if !operation.dry_run && !yes && !self.may(&sweep::PURGE, &mut body)? {
            return Ok(ExitCode::FAILURE);
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

    /// Posts to each path, and says what its state is then, and whether it is sent now though a pause lasts.
    pub(super) fn each(&self, paths: impl Iterator<Item = (String, String)>) -> Done {
        let (mut answers, mut well) = (Vec::new(), true);
        for (name, path) in paths {
            let answer = self.client.post(&path, &json!({}))?;
            if !self.json {
                say!("{name}: {}", field(&answer, "State"));
            }
            if path.ends_with("/send-now") && is_paused(&answer) {
                well = false;
                if !self.json {
                    say!("    the destination is paused: nothing is sent before it is resumed");
                }
            }
            answers.push(answer);
        }
        self.raw(&Value::Array(answers));
        Ok(code(well))
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
            let raised = number(&done, "Raised");
            if raised > 0 {
                say!(
                    "raised to this priority, of those that wait: {}",
                    items(raised)
                );
            }
            if body["DryRun"] == true {
                say!("(nothing was changed)");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
