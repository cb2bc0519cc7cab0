//! All destinations, by name.
//!
//! What settings say of a name (`Target`) is passed in: who asks knows under which ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use orthanc_sdk::Change;

use super::{Destination, Kind};
use crate::config::settings::Settings;

pub struct Directory {
    kinds: Vec<Arc<dyn Kind>>,
}

impl Directory {
    pub fn new(kinds: Vec<Arc<dyn Kind>>) -> Directory {
        Directory { kinds }
    }

    /// The names of all that is configured; of those with settings of their own, those whose target is. `fresh`: read
    /// again.
    ///
    /// # Errors
    /// In words, when Orthanc cannot be asked now.
    pub fn names(&self, settings: &Settings, fresh: bool) -> Result<BTreeSet<String>, String> {
        let mut names = BTreeSet::new();
        for kind in &self.kinds {
            let entries = kind.entries(fresh)?;
            names.extend(entries.iter().map(|entry| full(kind.as_ref(), entry)));
        }
        let second = settings.second_names();
        let second: Vec<String> = second
            .filter(|(_, target)| names.contains(*target))
            .map(|(name, _)| name.to_owned())
            .collect();
        names.extend(second);
        Ok(names)
    }

    /// Whether there is such a destination now.
    ///
    /// # Errors
    /// As [`Directory::names`].
    pub fn knows(&self, settings: &Settings, name: &str) -> Result<bool, String> {
        Ok(self.entry(settings.target(name))?.is_some())
    }

    /// `Ok(None)`: there is no such destination.
    ///
    /// # Errors
    /// As [`Directory::names`].
    pub fn find(&self, settings: &Settings, name: &str) -> Result<Option<Destination>, String> {
        let found = self.entry(settings.target(name))?;
        Ok(found.and_then(|_| self.make(settings, name)))
    }

    /// The destination of this name, whether there is what it leads to or not.
    pub fn make(&self, settings: &Settings, name: &str) -> Option<Destination> {
        let target = settings.target(name);
        let (kind, entry) = self.kind(target)?;
        Some(Destination {
            name: name.to_owned(),
            target: target.to_owned(),
            kind: kind.name(),
            endpoint: kind.endpoint(name, entry, settings.destination(name)),
        })
    }

    /// The kind, and the entry in it, that a target is. What is not known is looked for again: it may have been
    /// added.
    fn entry<'a>(&'a self, target: &'a str) -> Result<Option<(&'a dyn Kind, &'a str)>, String> {
        let Some((kind, entry)) = self.kind(target) else {
            return Ok(None);
        };
        let known = kind.entries(false)?.contains(entry) || kind.entries(true)?.contains(entry);
        Ok(known.then_some((kind, entry)))
    }

    /// The kind of a target, and what it is called there.
    fn kind<'a>(&'a self, target: &'a str) -> Option<(&'a dyn Kind, &'a str)> {
        // The longest prefix: each name begins with the empty one.
        let kinds = self.kinds.iter().filter_map(|kind| {
            let entry = target.strip_prefix(kind.prefix())?;
            Some((kind.as_ref(), entry))
        });
        kinds.max_by_key(|(kind, _)| kind.prefix().len())
    }

    /// Something happened in Orthanc.
    pub fn changed(&self, change: &Change) {
        self.kinds.iter().for_each(|kind| kind.changed(change));
    }

    /// See [`Kind::end_jobs`].
    pub fn end_jobs(&self, jobs: &[String]) {
        self.kinds.iter().for_each(|kind| kind.end_jobs(jobs));
    }

    /// See [`Kind::interrupt`].
    pub fn interrupt(&self) {
        self.kinds.iter().for_each(|kind| kind.interrupt());
    }

    /// See [`Kind::cut`].
    pub fn cut(&self) {
        self.kinds.iter().for_each(|kind| kind.cut());
    }

    /// See [`Kind::is_held`].
    pub fn is_held(&self) -> bool {
        self.kinds.iter().any(|kind| kind.is_held())
    }
}

fn full(kind: &dyn Kind, entry: &str) -> String {
    format!("{}{entry}", kind.prefix())
}
