//! `POST /sendqueue/items`: queueing what Orthanc has already, by identifier or by query.
//!
//! Invariants:
//! - Everything is checked before anything is queued: an unknown resource or destination queues nothing.
//! - One study, or [`CHUNK`] instances, at a time are in memory, whatever was asked for (of a dry run also the
//!   identifiers of all instances), and queued in one transaction. A request that breaks off can be repeated: what
//!   waits already is not queued twice.

use std::collections::HashSet;

use orthanc_sdk::{CallError, Request};
use serde_json::Value;

use super::error::ApiError;
use super::input::{Body, quoted};
use super::items::unknown_destination;
use super::types::{self, Enqueue};
use super::{Answer, Api, ok};
use crate::arrival::enlist;
use crate::arrival::facts::{Fact, Facts};
use crate::item::{Again, Priority};
use crate::routing::{Over, Route};
use crate::store::{Enqueued, Intake, NewItem};

const MOST_QUIET_SECONDS: u64 = 86_400;
/// Instances named one by one that are asked for, and queued, together.
const CHUNK: usize = 500;

/// What is asked for, and queued, at once.
pub(super) enum Part {
    /// A study or series.
    Below(String),
    Instances(Vec<String>),
}

impl Part {
    fn facts(&self, facts: &mut Facts) -> Result<Vec<Fact>, CallError> {
        match self {
            Part::Below(id) => facts.below(id),
            Part::Instances(ids) => {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                facts.of(&ids)
            }
        }
    }
}

/// How the items of a request are to be sent.
struct Wish {
    destinations: Vec<String>,
    priority: Option<Priority>,
    quiet_seconds: Option<u64>,
}

impl Wish {
    /// Who says no priority leaves that of what waits.
    fn intake<'a>(&self, items: &'a [NewItem], parts: &[Part]) -> Intake<'a> {
        let is_one = matches!(parts, [Part::Instances(ids)] if ids.len() == 1);
        Intake::request(items)
            .raising(self.priority.is_some())
            .of_one_instance(is_one)
    }
}

impl Api {
    /// `POST /sendqueue/items`.
    pub fn enqueue(&self, request: &Request) -> Answer {
        let body = Body::of::<Enqueue>(request)?;
        let query = body.query("Query")?;
        if query.is_some() && !body.lacks(&["Resources"]) {
            return Err(ApiError::bad("either Resources or Query, not both"));
        }
        let resources = match &query {
            Some(_) => Vec::new(),
            None => body.texts("Resources")?,
        };
        let mut destinations = body.texts("Destinations")?;
        destinations.sort_unstable();
        destinations.dedup();
        let wish = Wish {
            destinations,
            priority: body.priority("Priority")?,
            quiet_seconds: body.number("QuietSeconds", MOST_QUIET_SECONDS)?,
        };
        let dry_run = body.flag("DryRun")?;
        for name in &wish.destinations {
            if !self.is_configured(name)? {
                return Err(unknown_destination(name));
            }
        }
        let mut facts = Facts::new(self.client);
        let parts = match query {
            Some(query) => {
                let studies = self.find_studies(query)?;
                studies.into_iter().map(Part::Below).collect()
            }
            None => find_resources(&facts, &resources)?,
        };
        let total = if dry_run {
            self.count_parts(&mut facts, &parts, &wish)?
        } else {
            self.enqueue_parts(&mut facts, &parts, &wish)?
        };
        if !dry_run {
            for name in &wish.destinations {
                self.notifier.ready(name);
            }
            self.notifier.timed();
        }
        ok(&types::Enqueued {
            enqueued: total.enqueued,
            already_queued: total.already_queued,
            raised: total.raised,
            failed: total.failed.len() as u64,
            dry_run,
        })
    }

    fn enqueue_parts(
        &self,
        facts: &mut Facts,
        parts: &[Part],
        wish: &Wish,
    ) -> Result<Enqueued, ApiError> {
        let mut total = Enqueued::default();
        for part in parts {
            let items = self.request_items(&part.facts(facts)?, wish);
            let named = facts.names(&items);
            let intake = wish.intake(&items, parts).naming(&named);
            let done = self.store.enqueue(&intake, self.clock.now())?;
            total.enqueued += done.enqueued;
            total.already_queued += done.already_queued;
            total.raised += done.raised;
            total.failed.extend(done.failed);
        }
        Ok(total)
    }

    /// What [`Api::enqueue_parts`] would answer. Parts may overlap (a study and one of its series): what an earlier
    /// one would have queued counts as queued.
    fn count_parts(
        &self,
        facts: &mut Facts,
        parts: &[Part],
        wish: &Wish,
    ) -> Result<Enqueued, ApiError> {
        let mut total = Enqueued::default();
        let mut counted: HashSet<String> = HashSet::new();
        for part in parts {
            let mut found = part.facts(facts)?;
            let all = found.len();
            if parts.len() > 1 || matches!(part, Part::Instances(_)) {
                found.retain(|fact| counted.insert(fact.arrival.ids.instance.clone()));
            }
            let repeated = (all - found.len()) * wish.destinations.len();
            let items = self.request_items(&found, wish);
            let done = self.store.count_new(&wish.intake(&items, parts))?;
            total.enqueued += done.enqueued;
            total.already_queued += done.already_queued + repeated as u64;
            total.raised += done.raised;
            total.failed.extend(done.failed);
        }
        Ok(total)
    }

    fn request_items(&self, facts: &[Fact], wish: &Wish) -> Vec<NewItem> {
        let mut items = Vec::with_capacity(facts.len() * wish.destinations.len());
        for fact in facts {
            for name in &wish.destinations {
                items.push(self.request_item(fact, name, wish));
            }
        }
        items
    }

    fn request_item(&self, fact: &Fact, destination: &str, wish: &Wish) -> NewItem {
        let settings = self.settings.destination(destination);
        let quiet = wish.quiet_seconds;
        let over = Over {
            quiet_seconds: quiet.map(|quiet| u32::try_from(quiet).unwrap_or(u32::MAX)),
            priority: wish.priority,
            ..Over::default()
        };
        let route = Route {
            again: Again::Always,
            ..Route::new(destination, "", settings, over)
        };
        NewItem {
            rule: None,
            ..enlist::item(&self.settings, fact, &route, &*self.clock, None)
        }
    }
}

/// What the resources are queued by; an unknown one is 404.
fn find_resources(facts: &Facts, resources: &[String]) -> Result<Vec<Part>, ApiError> {
    let mut parts: Vec<Part> = Vec::new();
    for chunk in resources.chunks(100) {
        let asked: Vec<&str> = chunk.iter().map(String::as_str).collect();
        let found = facts.resources(&asked)?;
        for id in asked {
            let resource = found.get(id).ok_or_else(|| {
                ApiError::not_found(format!("Orthanc has no resource {}", quoted(id)))
            })?;
            // A patient by its studies, instances together, everything else as it is.
            if let Some(studies) = resource.get("Studies") {
                parts.extend(texts(Some(studies)).into_iter().map(Part::Below));
            } else if resource.get("Type").and_then(Value::as_str) == Some("Instance") {
                match parts.last_mut() {
                    Some(Part::Instances(ids)) if ids.len() < CHUNK => ids.push(id.to_owned()),
                    _ => parts.push(Part::Instances(vec![id.to_owned()])),
                }
            } else {
                parts.push(Part::Below(id.to_owned()));
            }
        }
    }
    Ok(parts)
}

pub(super) fn texts(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}
