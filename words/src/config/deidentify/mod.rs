//! `Deidentifications`: instances without what tells of the patient (PS3.15 Annex E).
//!
//! Invariants:
//! - What cannot be done is refused by name: nobody shall believe that pixels or free text are cleaned here.
//! - The key, and what stands in a list of subjects, show in no message.
//! - Two are the same if the same is written, there and in all that they refer to, and the key is the same: so a reload
//!   sees a change.

mod allow;
mod key;
mod options;
mod read;
mod subjects;

use std::path::PathBuf;
use std::sync::Arc;

use sendqueue_dicom::Tag;
use sendqueue_dicom::path::Path;
use serde_json::Value;

use super::coercion::{Edit, From};
use super::settings::Source;

pub use allow::{Allow, Suspicion};
pub use key::Key;
pub use options::{BASIC, Code, ProfileOption};
pub(super) use read::{DeidentificationReader, Deidentifications, ENTRY_KEYS};
pub use subjects::Subjects;

/// An entry of `Deidentifications`, of the profile `Basic`.
#[derive(Debug, Clone)]
pub struct Deidentification {
    pub name: String,
    /// In the order of their codes, each once; `Dates` is among them.
    pub options: Vec<ProfileOption>,
    /// What UIDs, dates and hashes are derived with.
    pub key: Key,
    pub key_file: PathBuf,
    pub lookup: Option<Lookup>,
    /// `Set`: what is written when all else is done, from the instance as it is stored.
    pub set: Vec<Edit>,
    pub allow: Allow,
    /// All of `Sources`: `{Source}` is the one of them that an instance comes from.
    pub sources: Vec<Arc<Source>>,
    /// As it stands in the configuration, with what it refers to.
    pub written: Value,
}

/// `Lookup`: a list of those who may be sent, and as whom.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// A table of CSV; absolute, or relative to the working directory where nobody knows Orthanc's folder.
    pub file: PathBuf,
    /// The tags that say who it is, and what they are called: the names of columns.
    pub key: Vec<(Tag, String)>,
}

impl Lookup {
    /// The names of the columns of the key.
    pub fn columns(&self) -> Vec<String> {
        self.key.iter().map(|(_, name)| name.clone()).collect()
    }
}

impl PartialEq for Deidentification {
    fn eq(&self, other: &Deidentification) -> bool {
        self.name == other.name && self.written == other.written && self.key == other.key
    }
}

impl Deidentification {
    /// What is read of the instance and of its way here to fill `Set`.
    pub fn values(&self) -> impl Iterator<Item = &From> {
        let templates = self.set.iter().filter_map(Edit::template);
        templates.flat_map(|template| template.values())
    }

    /// Elements that `Set` copies as they are stored, in whole or in part.
    pub fn copies(&self) -> impl Iterator<Item = &Path> {
        self.values().filter_map(|from| match from {
            From::Tag(path, _) => Some(path),
            _ => None,
        })
    }

    /// Whether it may ask which of the `Sources` an instance comes from: the same number of two hospitals is of two
    /// people.
    pub fn asks_for_source(&self) -> bool {
        let asks = |from: &From| matches!(from, From::Source | From::Hash(..));
        self.has(ProfileOption::RetainModifiedDates) || self.values().any(asks)
    }

    /// Others than Orthanc's user can read the key.
    pub fn is_key_open(&self) -> bool {
        key::is_open(&self.key_file)
    }

    pub fn has(&self, option: ProfileOption) -> bool {
        self.options.contains(&option)
    }
}
