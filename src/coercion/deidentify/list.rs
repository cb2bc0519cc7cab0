//! The list of a `Lookup`: the file as it is now, and what people added over REST.
//!
//! Invariants:
//! - A file that was changed is read again before anybody is looked up in it: nobody is sent under a name that a person
//!   has corrected since.
//! - One that is being written, or is wrong, knows nobody: who is looked up waits.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use crate::coercion::NotChanged;
use crate::config::deidentify::{Lookup, Subjects};
use crate::item::Outcome;
use crate::item::system::words;
use crate::store;

/// Whoever writes a file writes on it for less than that between two looks.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells one content of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    modified: SystemTime,
    length: u64,
}

impl Stamp {
    /// `None`: there is no such file.
    pub fn of(path: &Path) -> Option<Stamp> {
        let about = fs::metadata(path).ok()?;
        Some(Stamp {
            modified: about.modified().ok()?,
            length: about.len(),
        })
    }

    /// Nobody writes on it any more. A time that is yet to come says nothing.
    pub fn is_settled(&self) -> bool {
        SystemTime::now()
            .duration_since(self.modified)
            .map_or(true, |age| age >= SETTLED)
    }
}

/// What is found for a subject: a value for each column that is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<(String, String)>);

impl Row {
    /// `None`: the first column.
    pub fn value(&self, column: Option<&str>) -> Option<&str> {
        let mut all = self.0.iter();
        let found = match column {
            Some(column) => all.find(|(name, _)| name == column),
            None => all.next(),
        };
        found.map(|(_, value)| value.as_str())
    }
}

type Read = (Option<Stamp>, Result<Arc<Subjects>, String>);

/// One `Lookup`.
pub struct List {
    /// Of the de-identification: under it people add subjects.
    name: String,
    lookup: Lookup,
    read: Mutex<Option<Read>>,
}

impl List {
    pub fn new(name: &str, lookup: &Lookup) -> List {
        List {
            name: name.to_owned(),
            lookup: lookup.clone(),
            read: Mutex::default(),
        }
    }

    pub fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    /// # Errors
    /// [`Outcome::waiting`] for a subject that nobody knows yet.
    pub fn find(&self, key: &[String], added: &dyn store::Subjects) -> Result<Row, NotChanged> {
        let waits = |why: String| NotChanged::Outcome(Outcome::waiting(why));
        let list = self.now();
        if let Ok(list) = &list {
            if let Some(values) = list.find(key) {
                let columns = list.columns.iter().cloned();
                return Ok(Row(columns.zip(values.iter().cloned()).collect()));
            }
        }
        let found = added
            .subject(&self.name, key)
            .map_err(|error| NotChanged::NotNow(error.to_string()))?;
        match (found, list) {
            (Some(values), _) => Ok(Row(values)),
            (None, Ok(_)) => Err(waits(format!(
                "the list {} of the de-identification {:?} does not know this subject (by {}); it waits until it does",
                file_name(&self.lookup),
                self.name,
                self.lookup.columns().join(", ")
            ))),
            (None, Err(why)) => {
                let why = cannot_be_used(&self.name, &self.lookup, &why);
                Err(waits(format!("{why}; it waits until it can")))
            }
        }
    }

    /// The file as it is now.
    fn now(&self) -> Result<Arc<Subjects>, String> {
        let stamp = Stamp::of(&self.lookup.file);
        let mut read = self.read.lock();
        if let Some((of, list)) = &*read {
            if *of == stamp {
                return list.clone();
            }
        }
        if stamp.is_some_and(|stamp| !stamp.is_settled()) {
            return Err("it is being written".to_owned());
        }
        let list = read_file(&self.lookup).map(Arc::new);
        // What changed while it was read is read again.
        if Stamp::of(&self.lookup.file) == stamp {
            *read = Some((stamp, list.clone()));
        }
        list
    }
}

/// The file as it is now.
///
/// # Errors
/// What is wrong with it.
pub fn read_file(lookup: &Lookup) -> Result<Subjects, String> {
    let bytes = fs::read(&lookup.file).map_err(|error| words(&error));
    bytes.and_then(|bytes| Subjects::parse(&bytes, &lookup.columns()))
}

/// Which list, and why.
pub fn cannot_be_used(name: &str, lookup: &Lookup, why: &str) -> String {
    let file = file_name(lookup);
    format!("the list {file} of the de-identification {name:?} cannot be used: {why}")
}

fn file_name(lookup: &Lookup) -> String {
    let name = lookup.file.file_name();
    name.unwrap_or_default().to_string_lossy().into_owned()
}
