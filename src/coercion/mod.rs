//! What is sent differs from what is stored: recipes, evaluated for one instance at a time.
//!
//! Invariants:
//! - From the stored original, every time: the same item gives the same bytes, whenever and wherever it is sent.
//! - What cannot be changed as asked is not sent: it is told with the tag and the reason, and nothing is cut.
//! - A study is decided once, and what was decided is on disk before anything of it is sent ([`Memory`]).
//! - Reasons name tags and never values: they are kept, and may be logged.

mod apply;
mod changes;
mod coerce;
mod compress;
mod conditions;
pub mod deidentify;
mod fill;
mod look;
mod memory;
mod original;
mod output;
mod place;
mod scale;
mod sender;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use orthanc_sdk::Host;

use self::coerce::Coerce;
use self::compress::Compress;
use self::deidentify::Deidentify;
use self::deidentify::trouble::BadLists;
use self::memory::Known;
use self::output::Told;
use crate::config::coercion::Serial;
use crate::config::settings::DestinationSettings;
use crate::destinations::Editors;
use crate::item::{Clock, Outcome};
use crate::store::{Decisions, Outputs, Subjects};
use crate::transport::edited::Editor;

pub use self::apply::apply;
pub use self::changes::{Change, Changes, differences};
pub use self::fill::{Values, fill};
pub use self::look::Preview;
pub use self::memory::prefix_of;
pub use self::original::{Modified, add_original_attributes};
pub use self::output::study_id;
pub use self::sender::{About, Sender};
pub use crate::transport::edited::NotEdited;

/// What all editors share.
pub struct Shared {
    pub host: Host,
    pub decisions: Arc<dyn Decisions>,
    pub outputs: Arc<dyn Outputs>,
    pub subjects: Arc<dyn Subjects>,
    pub clock: Arc<dyn Clock>,
    /// Orthanc's own AET.
    pub own_aet: String,
    known: Known,
    told: Told,
}

/// Makes the editors of destinations.
pub struct Coercion {
    shared: Arc<Shared>,
    /// Lists of subjects that cannot be used.
    pub bad_lists: Arc<BadLists>,
}

impl Coercion {
    pub fn new(
        host: Host,
        decisions: Arc<dyn Decisions>,
        outputs: Arc<dyn Outputs>,
        subjects: Arc<dyn Subjects>,
        clock: Arc<dyn Clock>,
        own_aet: &str,
    ) -> Coercion {
        Coercion {
            shared: Arc::new(Shared {
                host,
                decisions,
                outputs,
                subjects,
                clock,
                own_aet: own_aet.to_owned(),
                known: Known::default(),
                told: Told::default(),
            }),
            bad_lists: Arc::default(),
        }
    }

    /// `None`: what is stored is sent.
    fn of(&self, settings: &DestinationSettings, looks_only: bool) -> Option<Arc<dyn Editor>> {
        let editor = match (&settings.deidentify, &settings.coerce) {
            (Some(entry), _) => {
                let (shared, entry) = (self.shared.clone(), entry.clone());
                Some(Arc::new(Deidentify::new(shared, entry, looks_only)) as Arc<dyn Editor>)
            }
            (None, Some(recipe)) => Some(Arc::new(Coerce {
                shared: self.shared.clone(),
                recipe: recipe.clone(),
                tells: settings.original_attributes,
                looks_only,
            }) as Arc<dyn Editor>),
            (None, None) => None,
        };
        match settings.compress {
            Some(compression) => Some(Arc::new(Compress {
                shared: self.shared.clone(),
                compression,
                then: editor,
                looks_only,
            })),
            None => editor,
        }
    }
}

impl Editors for Coercion {
    fn editor(&self, _: &str, settings: &DestinationSettings) -> Arc<dyn Editor> {
        let editor = self.of(settings, false);
        editor.unwrap_or_else(|| Arc::new(crate::destinations::NoEditors))
    }
}

/// Who remembers what is decided once for a study: the store; for a preview, nobody.
pub trait Memory {
    /// What holds for the study under this key; `None`: nothing yet.
    fn decided(&self, key: &str) -> Result<Option<String>, NotChanged>;
    /// Decides what was not decided before. Who came first counts: [`NotChanged::Again`] may follow.
    fn decide(&self, key: &str, value: String) -> Result<(), NotChanged>;
    /// The study's number of this serial.
    fn serial(&self, serial: &Serial) -> Result<Number, NotChanged>;
}

/// What is decided of the study, or is now.
fn once(
    memory: &dyn Memory,
    key: &str,
    find: impl FnOnce() -> Result<String, NotChanged>,
) -> Result<String, NotChanged> {
    if let Some(decided) = memory.decided(key)? {
        return Ok(decided);
    }
    let found = find()?;
    memory.decide(key, found.clone())?;
    Ok(found)
}

/// A serial's number of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As it was when the number was given: what a receiver has is not called otherwise later.
    pub prefix: String,
    /// In a preview `(next)`, where it has none yet.
    pub digits: String,
}

impl From<NotChanged> for NotEdited {
    fn from(why: NotChanged) -> NotEdited {
        match why {
            NotChanged::Impossible(why) => NotEdited::coercion(why),
            NotChanged::NotNow(why) => NotEdited::NotNow(why),
            NotChanged::Outcome(outcome) => NotEdited::Outcome(outcome),
            NotChanged::Again => {
                NotEdited::NotNow("the study is being decided by others".to_owned())
            }
        }
    }
}

/// Why an instance is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChanged {
    /// It cannot be changed as asked: which tag, and why.
    Impossible(String),
    /// Something of ours, or Orthanc, cannot be used now: nothing is the matter with the instance.
    NotNow(String),
    /// It has this outcome, whatever the recipe says.
    Outcome(Outcome),
    /// Another instance of the study was decided first, at the same time: what it found is to be asked for anew.
    Again,
}

impl NotChanged {
    /// With the place where it could not be done.
    fn within(self, place: &str) -> NotChanged {
        match self {
            NotChanged::Impossible(why) => NotChanged::Impossible(format!("{place}: {why}")),
            other => other,
        }
    }
}

impl From<sendqueue_dicom::Malformed> for NotChanged {
    fn from(why: sendqueue_dicom::Malformed) -> NotChanged {
        NotChanged::Impossible(format!("the stored data set is damaged: {why}"))
    }
}
