//! De-identification (PS3.15 Annex E): instances without what tells of the patient.
//!
//! - [`table`]: the facts of Table E.1-1. [`action`]: what they say of one element, with the options that are in force.
//! - [`scrub`]: the actions, done to every level of a data set. [`values`]: UIDs, dates and dummies.
//! - [`suspect`]: what is refused, since its pixels or its content usually tell of the patient.
//! - [`marks`]: what the instance says of itself afterwards.
//! - [`editor`]: all of it for a destination, with `Lookup` and `Set`. [`list`]: who is known; [`watch`]: looks
//!   whether more are; [`trouble`]: what is told of lists and of what waits for them.

mod action;
mod editor;
pub mod list;
mod marks;
mod scrub;
mod suspect;
mod table;
pub mod trouble;
mod values;
pub mod watch;

#[cfg(test)]
mod tests;

use sendqueue_dicom::{Elements, Tag};

use self::action::Profile;
use self::scrub::Scrub;
use super::NotChanged;
use crate::config::deidentify::{Deidentification, ProfileOption, Suspicion};

pub use self::editor::{Deidentify, deidentify};
pub use self::table::EDITION;
pub use self::values::Secret;

/// Whose number a patient's is, and the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// Of the issuer, or the source; empty: nobody's in particular.
    pub issuer: String,
    /// Where an instance has none, what stands for one: so that not all without one are one person.
    pub id: String,
}

/// Does all that the profile says, `Set` excepted. `patient`: needed where dates are shifted.
///
/// # Errors
/// Why the instance must not be sent. The data set is not to be used then.
pub fn remove_identity(
    entry: &Deidentification,
    secret: &Secret,
    root: &mut Elements<'_>,
    patient: Option<&Patient>,
) -> Result<(), NotChanged> {
    if let Some(suspicion) = suspect::suspicion(root, &entry.allow) {
        return Err(NotChanged::Impossible(refused(suspicion, &entry.name)));
    }
    let days = match (entry.has(ProfileOption::RetainModifiedDates), patient) {
        (true, Some(patient)) => Some(secret.shift(&patient.issuer, &patient.id)),
        (true, None) => {
            let why = "dates cannot be shifted: whose they are is not known";
            return Err(NotChanged::Impossible(why.to_owned()));
        }
        (false, _) => None,
    };
    let sop_class = root.get(Tag::SOP_CLASS_UID).and_then(|one| one.bytes());
    let sop_class = String::from_utf8_lossy(sop_class.unwrap_or_default()).into_owned();
    let scrub = Scrub {
        profile: &Profile::new(&entry.options, sop_class.trim_matches([' ', '\0'])),
        secret,
        days,
    };
    scrub.data_set(root)?;
    marks::mark(root, &entry.options);
    Ok(())
}

fn refused(suspicion: Suspicion, name: &str) -> String {
    let word = suspicion.word();
    let why = match suspicion {
        Suspicion::BurnedIn => "its pixels have text: Burned In Annotation (0028,0301) is YES",
        Suspicion::Overlay => "its pixels hold an overlay (60xx,0102), which may be text",
        _ => {
            "its kind usually has text about the patient in its pixels or its content, and Burned In Annotation (0028,0301) is not NO"
        }
    };
    format!("{why}: \"{word}\" is not in Allow of the de-identification {name:?}")
}
