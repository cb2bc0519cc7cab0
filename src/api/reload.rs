//! `/sendqueue/reload`.

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::object;
use super::types::{DestinationChanges, ModalityChanges, NeedsRestart, Reloaded, Source};
use super::{Answer, Api, ok};
use crate::item::Event;
use crate::reload::Refused;
use crate::store::Entry;

impl Api {
    /// Takes over the section `SendQueue` of Orthanc's files, or of the body.
    pub fn reload(&self, request: &Request) -> Answer {
        // An empty object is what many send where there is nothing to say.
        let section = object(request)?.filter(|section| !section.is_empty());
        let report = self.reloader.reload(section.map(Into::into))?;
        let changed = report.changed.join(", ");
        self.note(
            |entry| Entry {
                details: (!changed.is_empty()).then_some(changed),
                ..entry
            },
            Event::Reloaded,
        );
        let restart = report.needs_restart.into_iter().map(|one| NeedsRestart {
            key: one.key,
            in_force: one.in_force,
            written: one.written,
        });
        ok(&Reloaded {
            source: if report.from_files {
                Source::Files
            } else {
                Source::Body
            },
            changed: report.changed,
            rules: report.rules,
            destinations: DestinationChanges {
                added: report.added,
                changed: report.altered,
                removed: report.removed,
            },
            modalities: ModalityChanges {
                added: report.new_modalities,
                needs_restart: report.old_modalities,
            },
            needs_restart: restart.collect(),
            warnings: report.warnings,
        })
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> ApiError {
        let details = refused.to_string();
        match refused {
            Refused::Mistakes(mistakes) => ApiError {
                mistakes: mistakes.0,
                ..ApiError::bad(details)
            },
            Refused::NoFiles(_) => ApiError::conflict(details),
            Refused::Stopping => ApiError::new(503, details),
            Refused::Orthanc(_) | Refused::Failed => ApiError::new(500, details),
        }
    }
}
