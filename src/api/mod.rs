//! `/sendqueue`: one file per noun of the contract.
//!
//! Invariants:
//! - The API asks the store and the lanes, never a transport.
//! - Bad input is refused whole: a clear message that names the field, and nothing is changed.
//! - Names from the URL are looked up in what is known, never put into a path, SQL or markup.

pub mod alerts;
pub mod cross_site;
mod csv;
mod deliveries;
pub mod destinations;
pub mod enqueue;
pub mod error;
pub mod error_queue;
mod events;
pub mod exposition;
pub mod find;
mod health;
pub mod history;
pub mod input;
pub mod items;
mod journal;
pub mod lookup;
pub mod metrics;
pub mod openapi;
pub mod overview;
mod person;
mod preview;
mod reload;
pub mod resources;
mod retention;
pub mod route;
pub mod router;
pub mod rules;
pub mod search;
mod serials;
mod sources;
mod subjects;
mod sweep;
pub mod types;
mod verdict;
mod waiting;

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use orthanc_sdk::{Client, Host, Response};
use serde::Serialize;

use self::cross_site::CrossSite;
use self::error::ApiError;
use crate::alert;
use crate::alert::sources::Listener;
use crate::arrival::notices::Notices;
use crate::arrival::progress::Progress;
use crate::coercion::Coercion;
use crate::config::Current;
use crate::config::settings::Settings;
use crate::destinations::Directory;
use crate::destinations::modality::Modalities;
use crate::dispatch::Lanes;
use crate::dispatch::promoter::Promoter;
use crate::events::Teller;
use crate::events::courier::Courier;
use crate::item::{Clock, Timestamp};
use crate::protection::Protector;
use crate::reload::Reloader;
use crate::retention::Deleter;
use crate::service::Services;
use crate::store::{DestinationRecord, Notifier, Store};

pub type Answer = Result<Response, ApiError>;

/// An answer of one of [`types`], on several lines as Orthanc's own.
pub fn json(status: u16, body: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(body) {
        Ok(text) => Response::new(status, "application/json", text + "\n"),
        // Of these types none can fail: no map has keys that are no text.
        Err(error) => Response::text(500, error.to_string()),
    }
}

/// An answer of 200.
pub fn ok(body: &impl Serialize) -> Answer {
    Ok(json(200, body))
}

/// What a request is answered with.
pub struct Api {
    /// Those in force when it came, for all of its answer.
    pub settings: Arc<Settings>,
    parts: Arc<Parts>,
}

impl Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// What the API asks.
pub struct Parts {
    pub current: Arc<Current>,
    pub store: Arc<dyn Store>,
    pub lanes: Arc<Lanes>,
    pub promoter: Arc<Promoter>,
    pub notifier: Arc<dyn Notifier>,
    pub directory: Arc<Directory>,
    pub coercion: Arc<Coercion>,
    pub modalities: Arc<Modalities>,
    pub notices: Arc<Notices>,
    pub progress: Arc<Progress>,
    pub alerts: Arc<alert::Switch>,
    pub reloader: Reloader,
    pub deleter: Arc<Deleter>,
    pub teller: Arc<Teller>,
    pub courier: Arc<Courier>,
    pub protector: Arc<Protector>,
    pub sources: Arc<Listener>,
    pub clock: Arc<dyn Clock>,
    pub services: Arc<Services>,
    pub client: Client,
    pub host: Host,
    pub cross_site: CrossSite,
}

/// Names of destinations that are configured; `None`: Orthanc cannot be asked now, and nothing is held against any.
struct Configured(Option<BTreeSet<String>>);

impl Configured {
    fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains(name))
    }
}

impl Api {
    pub fn new(parts: Arc<Parts>) -> Api {
        let settings = parts.current.get();
        Api { settings, parts }
    }

    /// Destinations that the rules, the settings or the items name; one that is no longer configured only while
    /// something is left of it.
    fn known_destinations(&self) -> Result<BTreeSet<String>, ApiError> {
        Ok(self.known_among(&self.store.destinations()?))
    }

    /// The same, by what the store has of all.
    fn known_among(&self, records: &[DestinationRecord]) -> BTreeSet<String> {
        let configured = self.configured();
        let is_known =
            |record: &&DestinationRecord| record.counts.is_left() || configured.has(&record.name);
        let known = records.iter().filter(is_known);
        let mut names: BTreeSet<String> = known.map(|record| record.name.clone()).collect();
        names.extend(self.settings.rules.iter().flat_map(|rule| rule.to.clone()));
        names.extend(self.settings.destinations.keys().cloned());
        names
    }

    /// Whether `name` is a destination: known to the queue, or configured in Orthanc.
    fn is_destination(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.known_destinations()?.contains(name) || self.is_configured(name)?)
    }

    /// Whether instances can be sent to a destination of this name.
    fn is_configured(&self, name: &str) -> Result<bool, ApiError> {
        self.directory
            .knows(&self.settings, name)
            .map_err(|error| ApiError::new(500, error))
    }

    /// What can be sent to, as far as is known without asking again.
    fn configured(&self) -> Configured {
        Configured(self.directory.names(&self.settings, false).ok())
    }

    /// When an item for this destination expires that is (re)queued now.
    fn expiry(&self, destination: &str) -> Option<Timestamp> {
        self.settings.destination(destination).expiry(&*self.clock)
    }
}
