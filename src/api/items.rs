//! `/sendqueue/items`.

use orthanc_sdk::{CallError, Request, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::input::{Body, Query, quoted};
use super::json;
use super::{Answer, Api};
use crate::item::State;
use crate::store::{Filter, Moved};

impl Api {
    pub fn items(&self, request: &Request) -> Answer {
        let known = [
            "state",
            "destination",
            "study",
            "instance",
            "class",
            "status",
            "older-than",
            "newer-than",
            "limit",
            "since",
            "order",
        ];
        let now = self.clock.now();
        let query = Query::new(request, &known)?;
        let instance = self.instance(query.text("instance"));
        let study = match (self.study(query.text("study")), &instance) {
            (None, Some(instance)) => self.study_of_instance(instance),
            (study, _) => study,
        };
        let filter = Filter {
            state: query.state()?,
            destination: query.text("destination"),
            study,
            instance,
            class: query.class()?,
            status: query.status()?,
            created_before: query.ago("older-than", now)?,
            created_after: query.ago("newer-than", now)?,
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
            "cancel" => {
                let moved = self.store.cancel(id, now)?;
                if let (State::Running, Some(lane)) =
                    (item.state, self.lanes.get(&item.destination))
                {
                    lane.recall();
                }
                (moved, "cancelled")
            }
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
