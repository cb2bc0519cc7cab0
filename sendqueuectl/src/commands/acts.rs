//! What changes something: the error queue, destinations, what is queued.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::waits::tell;
use super::{Done, Failed, Session, list, segment, sweep};
use crate::cli::{Destinations, Operation};
use crate::exit::End;
use crate::filter;
use crate::held::Held;
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
        filter::narrow(&body, filter::OF_FAILURES).map_err(Failed::Use)?;
        let held = match to {
            _ if operation.dry_run => Vec::new(),
            Some(to) => {
                body.insert("To".to_owned(), to.into());
                self.held_among(&[to])
            }
            None => self.held_of_fitting(&format!("/errors/{verb}"), key, &body),
        };
        self.post_operation(verb, key, body, operation.dry_run, &held)
    }

    fn post_operation(
        &self,
        verb: &str,
        key: &str,
        mut body: Map<String, Value>,
        dry_run: bool,
        held: &[Held],
    ) -> Done {
        // With other conditions beside them fewer may be meant.
        let only_named = body
            .keys()
            .all(|key| ["IDs", "To", "AtMost"].contains(&key.as_str()));
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
                say!(
                    "{} would be {}; nothing was changed",
                    items(count),
                    key.to_lowercase()
                );
            } else {
                say!("{}: {}", key.to_lowercase(), items(count));
            }
        }
        if number(&done, key) > 0 {
            tell(held);
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
        filter::narrow(&body, filter::OF_FAILURES).map_err(Failed::Use)?;
        if !operation.dry_run && !yes && !self.may(&sweep::PURGE, &mut body)? {
            return Ok(ExitCode::FAILURE);
        }
        self.post_operation("purge", "Purged", body, operation.dry_run, &[])
    }

    pub(super) fn steer(&self, verb: &str, names: &[String]) -> Done {
        let paths = names.iter().map(|name| {
            let path = format!("/destinations/{}/{verb}", segment(name));
            (plain(name), path)
        });
        let (done, answers) = self.each(paths);
        if verb == "resume" {
            tell(&self.held_at(&answers));
        }
        done
    }

    /// Posts to each path, and says what its state is then, and whether it is sent now though a pause lasts.
    pub(super) fn each(&self, paths: impl Iterator<Item = (String, String)>) -> (Done, Vec<Value>) {
        self.post_each(paths.map(|(name, path)| {
            let sends = path.ends_with("/send-now");
            (name, path, move |name: &str, answer: &Value| {
                let held = sends && is_paused(answer);
                let remark = match held {
                    true => "\n    the destination is paused: nothing is sent before it is resumed",
                    false => "",
                };
                let words = format!("{name}: {}{remark}", field(answer, "State"));
                (words, !held)
            })
        }))
    }

    pub(super) fn echo(&self, names: &Destinations) -> Done {
        self.post_each(names.names.iter().map(|name| {
            let path = format!("/destinations/{}/echo", segment(name));
            (plain(name), path, |name: &str, answer: &Value| {
                let words = match answer["Milliseconds"].as_f64() {
                    Some(took) => format!("{name}: answered in {took:.1} ms"),
                    None => format!("{name}: {}", field(answer, "Error")),
                };
                (words, answer["Success"] == true)
            })
        }))
        .0
    }

    /// What comes of it is known later.
    pub(super) fn confirm(&self, destination: &str, study: &str) -> Done {
        let path = format!("/destinations/{}/confirm", segment(destination));
        let answer = self.client.post(&path, &json!({ "Study": study }))?;
        if !self.raw(&answer) {
            let name = plain(destination);
            match number(&answer, "Deliveries") {
                0 => say!(
                    "nothing was delivered to {name} of which it is not being asked already, and of which the queue \
                     still has items"
                ),
                1 => say!("{name} is asked for 1 delivery"),
                count => say!("{name} is asked for {count} deliveries"),
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Posts to each path. What is refused keeps nothing from the others, and all of them are told; only where the
    /// queue cannot be asked the others are left. Each has a name, and a function that gives the words for its answer
    /// and whether it is well. All answers are given back.
    fn post_each<Tell: Fn(&str, &Value) -> (String, bool)>(
        &self,
        mut all: impl Iterator<Item = (String, String, Tell)>,
    ) -> (Done, Vec<Value>) {
        let (mut answers, mut worst) = (Vec::new(), None);
        while let Some((name, path, tell)) = all.next() {
            match self.client.post(&path, &json!({})) {
                Ok(mut answer) => {
                    let (words, well) = tell(&name, &answer);
                    if !self.json {
                        say!("{words}");
                    }
                    if !well {
                        worst = worst.max(Some(End::NeedsAPerson));
                    }
                    if answer.get("ID").or(answer.get("Name")).is_none() {
                        answer["Name"] = json!(name);
                    }
                    answers.push(answer);
                }
                Err(error) => {
                    let end = error.end();
                    let why = error.to_string();
                    if !self.json {
                        eprintln!("sendqueuectl: {name}: {}", plain(&why));
                    }
                    answers.push(json!({ "Name": name, "Error": why, "ExitCode": end as u8 }));
                    worst = worst.max(Some(end));
                    if end == End::CannotBeAsked {
                        let left = all.count();
                        if left > 0 {
                            eprintln!("sendqueuectl: {left} more were not tried");
                        }
                        break;
                    }
                }
            }
        }
        if self.json {
            self.raw(&Value::Array(answers.clone()));
        }
        let end = worst.map_or(ExitCode::SUCCESS, ExitCode::from);
        (Ok(end), answers)
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
            let failed = number(&done, "Failed");
            if failed > 0 {
                say!(
                    "in the error queue, and left there: {} (sendqueuectl replay sends only these)",
                    items(failed)
                );
            }
            if body["DryRun"] == true {
                say!("(nothing was changed)");
            } else if number(&done, "Enqueued") + raised > 0 {
                let to = list(&body["Destinations"]).iter();
                tell(&self.held_among(&to.filter_map(Value::as_str).collect::<Vec<_>>()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
