//! Modalities: entries of Orthanc's `DicomModalities`, by C-STORE (PS3.4 Annex B).
//!
//! `Transport` says by which of the two ways: our own SCU (`native`), Orthanc's jobs (`rest`), or the first but for
//! what only Orthanc can do (`auto`).

mod auto;
mod list;
mod native;
mod rest;

use std::collections::BTreeSet;
use std::sync::Arc;

use orthanc_sdk::{Change, ChangeType};

use self::auto::Auto;
pub use self::list::{Modalities, is_symbolic_name};
use self::native::ByNative;
use self::rest::ByRest;
use super::{Endpoint, Kind};
use crate::config::settings::{DestinationSettings, LocalAet, Transport};
use crate::item::{Clock, Outcome};
use crate::transport::native::{Look, Native};
use crate::transport::rest::RestTransport;
use crate::transport::{Batch, Called, Delivery, Modality, Probe};

/// The kind, and what all modalities share.
pub struct ModalityKind {
    pub list: Arc<Modalities>,
    pub native: Arc<Native>,
    pub rest: Arc<RestTransport>,
    pub clock: Arc<dyn Clock>,
}

impl Kind for ModalityKind {
    fn name(&self) -> &'static str {
        "modality"
    }

    fn prefix(&self) -> &'static str {
        ""
    }

    fn entries(&self, fresh: bool) -> Result<BTreeSet<String>, String> {
        if fresh {
            self.list.forget();
        }
        Ok(self.list.all()?.keys().cloned().collect())
    }

    fn endpoint(
        &self,
        name: &str,
        entry: &str,
        settings: &DestinationSettings,
    ) -> Arc<dyn Endpoint> {
        let way = Way {
            name: name.to_owned(),
            modality: entry.to_owned(),
            list: self.list.clone(),
            native: self.native.clone(),
            rest: self.rest.clone(),
            clock: self.clock.clone(),
            local_aet: match &settings.local_aet {
                LocalAet::Fixed(aet) => Some(aet.clone()),
                // Whose instance comes next is not known: Orthanc's own AET must do.
                LocalAet::Orthanc | LocalAet::Remote => None,
            },
            timeout: settings.timeout,
        };
        match settings.transport {
            Transport::Native => Arc::new(ByNative(way)),
            Transport::Rest => Arc::new(ByRest::new(way)),
            Transport::Auto => Arc::new(Auto::new(way)),
        }
    }

    fn changed(&self, change: &Change) {
        match change.kind {
            ChangeType::UpdatedModalities => self.list.forget(),
            ChangeType::JobSuccess | ChangeType::JobFailure => {
                if let Some(id) = &change.resource {
                    self.rest.jobs().ended(id);
                }
            }
            _ => {}
        }
    }

    fn end_jobs(&self, jobs: &[String]) {
        self.rest.end_jobs(jobs);
    }

    fn interrupt(&self) {
        self.native.stop();
        self.rest.interrupt();
    }

    fn cut(&self) {
        self.native.cut();
    }

    fn is_held(&self) -> bool {
        self.rest.is_held()
    }
}

/// What every way to a modality needs.
struct Way {
    /// The destination.
    name: String,
    /// Its symbolic name in `DicomModalities`.
    modality: String,
    list: Arc<Modalities>,
    native: Arc<Native>,
    rest: Arc<RestTransport>,
    clock: Arc<dyn Clock>,
    /// Calling AET of a probe; `None`: whatever Orthanc would use.
    local_aet: Option<String>,
    /// Seconds; `None`: the modality's, else Orthanc's.
    timeout: Option<u32>,
}

impl Way {
    /// Does something with who is called.
    fn call<R>(&self, what: impl FnOnce(&Called<'_>) -> R) -> R {
        let look_up = || -> Result<Modality, Outcome> { self.list.find(&self.modality) };
        what(&Called {
            name: &self.modality,
            look_up: &look_up,
        })
    }

    /// A C-ECHO by our own SCU: it tells the reason in words, and leaves no error in Orthanc's log for each probe of an
    /// outage.
    fn look(&self) -> Look {
        self.call(|to| {
            self.native
                .probe(to, self.local_aet.as_deref(), self.timeout)
        })
    }

    /// A C-ECHO by Orthanc's.
    fn look_by_rest(&self) -> Probe {
        self.call(|to| self.rest.probe(to, self.timeout))
    }

    /// By Orthanc's own SCU, beside which none of ours lies unused: what the destination takes counts both.
    fn send_by_rest(&self, batch: &Batch<'_>) -> Delivery {
        self.native.make_room(&self.modality);
        self.call(|to| self.rest.deliver(to, batch))
    }

    /// A group's name among those of all destinations that lead to this modality.
    fn group(&self, group: &str) -> String {
        format!("{} {group}", self.name)
    }

    fn end_group(&self, group: &str) {
        self.native.end_group(&self.modality, &self.group(group));
    }
}
