//! `/sendqueue/errors`: the error queue.

use orthanc_sdk::{Request, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::input::{self, Body, MOST_SECONDS, Query};
use super::json;
use super::{Answer, Api};
use crate::item::State;
use crate::store::{ErrorOperation, Filter};

/// The fields that narrow an operation down.
const NARROW: [&str; 6] = [
    "IDs",
    "Destination",
    "Study",
    "Class",
    "Status",
    "OlderThanSeconds",
];

impl Api {
    pub fn errors(&self, request: &Request) -> Answer {
        let query = Query::new(
            request,
            &[
                "destination",
                "study",
                "class",
                "status",
                "older-than",
                "newer-than",
                "limit",
                "since",
                "order",
            ],
        )?;
        let now = self.clock.now();
        let filter = Filter {
            state: Some(State::Failure),
            destination: query.text("destination"),
            study: self.study(query.text("study")),
            class: query.class()?,
            status: query.status()?,
            created_before: query.ago("older-than", now)?,
            created_after: query.ago("newer-than", now)?,
            ..Filter::default()
        };
        self.list(&filter, &query)
    }

    pub fn error_summary(&self, request: &Request) -> Answer {
        Query::new(request, &[])?;
        let list: Value = self
            .store
            .error_summary()?
            .iter()
            .map(json::summary)
            .collect();
        Ok(Response::json(200, &list))
    }

    /// `replay`, `purge`, `redirect` of all that fits a filter.
    pub fn operate_errors(&self, request: &Request, verb: &str) -> Answer {
        let now = self.clock.now();
        let mut known = NARROW.to_vec();
        known.extend(["All", "DryRun"]);
        if verb == "redirect" {
            known.push("To");
        }
        let body = Body::new(request, &known)?;
        let mut filter = filter(&body, now)?;
        filter.study = self.study(filter.study);
        let dry_run = body.flag("DryRun")?;
        let (operation, key) = match verb {
            "purge" => (ErrorOperation::Purge, "Purged"),
            "redirect" => {
                let to = self.redirect_target(&body)?;
                (ErrorOperation::Redirect { to }, "Redirected")
            }
            _ => (ErrorOperation::Replay, "Replayed"),
        };
        let expires = |destination: &str| self.expiry(destination, now);
        let count = self
            .store
            .operate_errors(&operation, &filter, &expires, dry_run, now)?;
        if !dry_run {
            log::warn!("error queue: {key} {count} items at a person's request");
            for name in self.known_destinations()? {
                self.lanes.poke(&name);
            }
        }
        Ok(Response::json(200, &json!({ key: count })))
    }
}

fn filter(body: &Body, now: crate::item::Timestamp) -> Result<Filter, ApiError> {
    let all = body.flag("All")?;
    let narrowed = !body.lacks(&NARROW);
    if all && narrowed {
        return Err(ApiError::field(
            "All",
            "true beside a filter",
            &format!(
                "either \"All\": true alone, or one of {}",
                NARROW.join(", ")
            ),
        ));
    }
    if !all && !narrowed {
        return Err(ApiError::bad(format!(
            "an empty filter is refused: give one of {}, or ask for everything with \"All\": true",
            NARROW.join(", ")
        )));
    }
    let class = body
        .text("Class")?
        .map(|text| input::class("Class", &text))
        .transpose()?;
    let older = body.number("OlderThanSeconds", MOST_SECONDS)?;
    let filter = Filter {
        ids: body.ids("IDs")?,
        destination: body.text("Destination")?,
        study: body.text("Study")?,
        class,
        status: body.status("Status")?,
        completed_before: older.map(|seconds| now.plus_seconds(-(seconds as f64))),
        ..Filter::default()
    };
    // `null` for every field would be an empty filter in disguise.
    if !all && filter == Filter::default() {
        return Err(ApiError::bad(
            "an empty filter is refused: every field of it is null",
        ));
    }
    Ok(filter)
}
