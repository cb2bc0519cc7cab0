//! Modalities: entries of Orthanc's `DicomModalities`, by C-STORE (PS3.4 Annex B).
//!
//! `Transport` says by which of the two ways: our own SCU (`native`), Orthanc's jobs (`rest`), or the first but for
//! what only Orthanc can do (`auto`). What is changed on its way goes by our own SCU, whatever it says (`altering`).
//!
//! Invariant: an endpoint that changes what it sends has no transport that could send what is stored: it has no
//! [`Way`], only a [`NativeWay`] with its editor.

mod altering;
mod auto;
mod confirm;
mod list;
mod native;
mod rest;

use std::collections::BTreeSet;
use std::sync::Arc;

use orthanc_sdk::{Change, ChangeType};

use self::altering::Altering;
use self::auto::Auto;
pub use self::list::{Modalities, is_symbolic_name};
use self::native::ByNative;
use self::rest::ByRest;
use super::{Editors, Endpoint, Kind};
use crate::config::settings::{DestinationSettings, LocalAet, Transport};
use crate::item::{Clock, Outcome};
use crate::transport::native::{Look, Native, SentBatch};
use crate::transport::rest::RestTransport;
use crate::transport::{Batch, Called, Delivery, Modality, Probe};

/// The kind, and what all modalities share.
pub struct ModalityKind {
    pub list: Arc<Modalities>,
    pub native: Arc<Native>,
    pub rest: Arc<RestTransport>,
    pub editors: Arc<dyn Editors>,
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
        let ours = NativeWay {
            name: name.to_owned(),
            modality: entry.to_owned(),
            list: self.list.clone(),
            native: self.native.clone(),
            clock: self.clock.clone(),
            local_aet: match &settings.local_aet {
                LocalAet::Fixed(aet) => Some(aet.clone()),
                // Whose instance comes next is not known: Orthanc's own AET must do.
                LocalAet::Orthanc | LocalAet::Remote => None,
            },
            timeout: settings.timeout,
        };
        if settings.alters() {
            let editor = self.editors.editor(name, settings);
            return Arc::new(Altering { way: ours, editor });
        }
        let by_rest = |ours| Way {
            ours,
            rest: self.rest.clone(),
        };
        match settings.transport {
            Transport::Native => Arc::new(ByNative(ours)),
            Transport::Rest => Arc::new(ByRest::new(by_rest(ours))),
            Transport::Auto => Arc::new(Auto::new(by_rest(ours))),
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

/// What our own SCU needs for its way to a modality.
struct NativeWay {
    /// The destination.
    name: String,
    /// Its symbolic name in `DicomModalities`.
    modality: String,
    list: Arc<Modalities>,
    native: Arc<Native>,
    clock: Arc<dyn Clock>,
    /// Calling AET of a probe; `None`: whatever Orthanc would use.
    local_aet: Option<String>,
    /// Seconds; `None`: the modality's, else Orthanc's.
    timeout: Option<u32>,
}

impl NativeWay {
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

    /// Sends a batch by our own SCU, with its group's name among those of all destinations that lead to this modality.
    fn send(
        &self,
        batch: &Batch<'_>,
        by: impl FnOnce(&Native, &Called<'_>, &Batch<'_>) -> SentBatch,
    ) -> SentBatch {
        let group = batch.group.map(|group| self.group(group));
        let batch = Batch {
            group: group.as_deref(),
            ..*batch
        };
        self.call(|to| by(&self.native, to, &batch))
    }

    fn group(&self, group: &str) -> String {
        format!("{} {group}", self.name)
    }

    fn end_group(&self, group: &str) {
        self.native.end_group(&self.modality, &self.group(group));
    }
}

/// The two ways to a modality, for what is sent as it is stored.
struct Way {
    ours: NativeWay,
    rest: Arc<RestTransport>,
}

impl Way {
    /// A C-ECHO by Orthanc's.
    fn look_by_rest(&self) -> Probe {
        self.ours.call(|to| self.rest.probe(to, self.ours.timeout))
    }

    /// By Orthanc's own SCU, beside which none of ours lies unused: what the destination takes counts both.
    fn send_by_rest(&self, batch: &Batch<'_>) -> Delivery {
        self.ours.native.make_room(&self.ours.modality);
        self.ours.call(|to| self.rest.deliver(to, batch))
    }
}

#[cfg(test)]
mod tests;
