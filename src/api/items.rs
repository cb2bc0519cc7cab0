//! `/sendqueue/items`.

use orthanc_sdk::{CallError, Request, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::input::{Body, Query, quoted};
use super::json;
use super::{Answer, Api};
use crate::arrival::facts::{Fact, Facts};
use crate::item::{Priority, State, Timestamp};
use crate::routing::{Arrival, Route};
use crate::store::{Duplicates, Enqueued, Filter, Moved, NewItem};

const MOST_QUIET_SECONDS: u64 = 86_400;

impl Api {
    pub fn items(&self, request: &Request) -> Answer {
        let known = [
            "state",
            "destination",
            "study",
            "instance",
            "class",
            "limit",
            "since",
        ];
        let query = Query::new(request, &known)?;
        let instance = query.text("instance");
        let study = match (query.text("study"), &instance) {
            (None, Some(instance)) => self.study_of_instance(instance),
            (study, _) => study,
        };
        let filter = Filter {
            state: query.state()?,
            destination: query.text("destination"),
            study,
            instance,
            class: query.class()?,
            ..Filter::default()
        };
        self.list(&filter, &query)
    }

    /// The page of items that a query asks for.
    pub(super) fn list(&self, filter: &Filter, query: &Query<'_>) -> Answer {
        let items = self.store.items(filter, query.page()?)?;
        let list: Value = items.iter().map(json::item).collect();
        Ok(Response::json(200, &list))
    }

    pub fn item(&self, request: &Request, id: i64) -> Answer {
        Query::new(request, &[])?;
        let (item, attempts) = self.store.item(id)?.ok_or_else(|| no_item(id))?;
        Ok(Response::json(
            200,
            &json::item_with_attempts(&item, &attempts),
        ))
    }

    pub fn remove(&self, id: i64) -> Answer {
        match self.store.remove(id)? {
            Moved::Done(_) => Ok(Response::json(200, &json!({}))),
            Moved::Refused(state) => Err(refused(id, "removed", state)),
            Moved::Unknown => Err(no_item(id)),
        }
    }

    /// `replay`, `cancel`, `send-now`, `redirect` of one item.
    pub fn operate(&self, request: &Request, id: i64, verb: &str) -> Answer {
        let now = self.clock.now();
        let known: &[&str] = if verb == "redirect" { &["To"] } else { &[] };
        let body = Body::new(request, known)?;
        let (item, _) = self.store.item(id)?.ok_or_else(|| no_item(id))?;
        let (moved, done) = match verb {
            "cancel" => (self.store.cancel(id, now)?, "cancelled"),
            "send-now" => (self.store.send_now(id, now)?, "sent now"),
            "redirect" => {
                let to = self.redirect_target(&body)?;
                let expires = self.expiry(&to, now);
                (self.store.redirect(id, &to, expires, now)?, "redirected")
            }
            _ => {
                let expires = self.expiry(&item.destination, now);
                (self.store.replay(id, expires, now)?, "replayed")
            }
        };
        match moved {
            Moved::Done(item) => {
                self.lanes.poke(&item.destination);
                let (item, attempts) = self.store.item(id)?.ok_or_else(|| no_item(id))?;
                Ok(Response::json(
                    200,
                    &json::item_with_attempts(&item, &attempts),
                ))
            }
            Moved::Refused(state) => Err(refused(id, done, state)),
            Moved::Unknown => Err(no_item(id)),
        }
    }

    /// The field `To`, which must be a modality of Orthanc.
    pub(super) fn redirect_target(&self, body: &Body) -> Result<String, ApiError> {
        let to = body
            .text("To")?
            .ok_or_else(|| ApiError::field("To", "nothing", "the name of a destination"))?;
        if !self.is_modality(&to)? {
            return Err(unknown_destination(&to));
        }
        Ok(to)
    }

    /// `POST /sendqueue/items`.
    pub fn enqueue(&self, request: &Request) -> Answer {
        let body = Body::new(
            request,
            &["Resources", "Destinations", "Priority", "QuietSeconds"],
        )?;
        let resources = body.texts("Resources")?;
        let destinations = body.texts("Destinations")?;
        let priority = body.priority("Priority")?;
        let quiet = body.number("QuietSeconds", MOST_QUIET_SECONDS)?;
        for name in &destinations {
            if !self.is_modality(name)? {
                return Err(unknown_destination(name));
            }
        }
        let mut facts = Facts::new(self.client);
        let mut parts = Vec::new();
        for chunk in resources.chunks(100) {
            let asked: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let found = facts.resources(&asked)?;
            for id in asked {
                let resource = found.get(id).ok_or_else(|| {
                    ApiError::not_found(format!("Orthanc has no resource {}", quoted(id)))
                })?;
                parts.extend(parts_of(id, resource));
            }
        }
        let mut total = Enqueued::default();
        // Study by study, so that a patient with a million instances is never in memory at once.
        for part in parts {
            let instances = facts.below(&part)?;
            let made = self.request_items(&instances, &destinations, priority, quiet);
            let done = self
                .store
                .enqueue(&made, Duplicates::Request, None, self.clock.now())?;
            total.enqueued += done.enqueued;
            total.already_queued += done.already_queued;
        }
        for name in &destinations {
            self.lanes.poke(name);
        }
        self.promoter.poke();
        Ok(Response::json(
            200,
            &json!({ "Enqueued": total.enqueued, "AlreadyQueued": total.already_queued }),
        ))
    }

    fn request_items(
        &self,
        facts: &[Fact],
        destinations: &[String],
        priority: Option<Priority>,
        quiet: Option<u64>,
    ) -> Vec<NewItem> {
        let now = self.clock.now();
        let mut names: Vec<&String> = destinations.iter().collect();
        names.sort_unstable();
        names.dedup();
        facts
            .iter()
            .flat_map(|fact| {
                names
                    .iter()
                    .map(|name| self.request_item(&fact.arrival, name, priority, quiet, now))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn request_item(
        &self,
        arrival: &Arrival,
        destination: &str,
        priority: Option<Priority>,
        quiet: Option<u64>,
        now: Timestamp,
    ) -> NewItem {
        let settings = self.settings.destination(destination);
        let quiet = quiet.unwrap_or(u64::from(settings.quiet_seconds));
        let route = Route {
            destination: destination.to_owned(),
            rule: String::new(),
            level: settings.level,
            quiet_seconds: u32::try_from(quiet).unwrap_or(u32::MAX),
            priority: priority.unwrap_or(settings.priority),
        };
        NewItem {
            rule: None,
            ..crate::arrival::enlist::item(&self.settings, arrival, &route, now, None)
        }
    }

    /// The study of an instance, if Orthanc still has it.
    fn study_of_instance(&self, instance: &str) -> Option<String> {
        if !is_orthanc_id(instance) {
            return None;
        }
        let study = self
            .client
            .get_json(&format!("/instances/{instance}/study"))
            .ok()?;
        Some(study.get("ID")?.as_str()?.to_owned())
    }
}

/// What a resource is enqueued by: the studies of a patient, else itself.
fn parts_of(id: &str, resource: &Value) -> Vec<String> {
    match resource.get("Studies").and_then(Value::as_array) {
        Some(studies) => studies
            .iter()
            .filter_map(|study| study.as_str().map(str::to_owned))
            .collect(),
        None => vec![id.to_owned()],
    }
}

/// Whether `text` has the form of an Orthanc identifier, and so may become part of a path.
pub(super) fn is_orthanc_id(text: &str) -> bool {
    text.len() == 44
        && text.bytes().enumerate().all(|(at, byte)| {
            if at % 9 == 8 {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}

/// Whether a failed call says that Orthanc does not have the resource.
pub(super) fn is_unknown(error: &CallError) -> bool {
    matches!(error, CallError::Status { status: 404, .. }) || error.code() == Some(17)
}

fn no_item(id: i64) -> ApiError {
    ApiError::not_found(format!("no item {id}"))
}

pub(super) fn unknown_destination(name: &str) -> ApiError {
    ApiError::not_found(format!(
        "no destination {}: Orthanc has no modality of this name",
        quoted(name)
    ))
}

fn refused(id: i64, done: &str, state: State) -> ApiError {
    ApiError::conflict(format!("item {id} cannot be {done} while it is {state}"))
}
