//! What destinations lead to, written down before anything is sent there: what was sent to another address is no proof,
//! and what was sent to the same one under another name is there too.
//!
//! Invariant: nothing is sent to an address of Orthanc's list of modalities before that list was told here
//! ([`Leads::listed`]): a list that could not be noted is not used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::config::Current;
use crate::config::settings::Settings;
use crate::store::{Result, Retention};

pub struct Leads {
    store: Arc<dyn Retention>,
    settings: Arc<Current>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Modalities and their addresses, as Orthanc told last.
    addresses: BTreeMap<String, String>,
    noted: Vec<(String, String)>,
    /// What was queued for them so far may have gone elsewhere, which is not noted yet.
    moved: BTreeSet<String>,
}

impl Leads {
    pub fn new(store: Arc<dyn Retention>, settings: Arc<Current>) -> Leads {
        Leads {
            store,
            settings,
            state: Mutex::default(),
        }
    }

    /// Orthanc's modalities and the host and port of each, as they are from now on.
    pub fn listed(&self, addresses: BTreeMap<String, String>) -> Result<()> {
        let mut state = self.state.lock();
        state.addresses = addresses;
        self.note(&mut state)
    }

    /// Other settings are in force everywhere. What was claimed under the old ones was sent to the old `Target`.
    pub fn settings_changed(&self, old: &Settings) {
        let new = self.settings.get();
        let mut state = self.state.lock();
        let second = old.second_names().chain(new.second_names());
        let moved = second.filter(|(name, _)| old.target(name) != new.target(name));
        state.moved.extend(moved.map(|(name, _)| name.to_owned()));
        if let Err(error) = self.note(&mut state) {
            log::error!("what destinations lead to could not be noted: {error}");
        }
    }

    fn note(&self, state: &mut State) -> Result<()> {
        let settings = self.settings.get();
        let address = |name: &str| state.addresses.get(name).cloned().unwrap_or_default();
        let second = settings.second_names();
        let second = second.map(|(name, target)| (name.to_owned(), address(target)));
        let own = state.addresses.iter();
        let mut leads: Vec<(String, String)> = own
            .filter(|(name, _)| settings.target(name) == name.as_str())
            .map(|(name, address)| (name.clone(), address.clone()))
            .chain(second)
            .collect();
        leads.sort();
        if state.noted == leads && state.moved.is_empty() {
            return Ok(());
        }
        // By way of nowhere, since an address that is noted already is not noted again.
        let moved = state.moved.iter().map(|name| (name.clone(), String::new()));
        let all: Vec<(String, String)> = moved.chain(leads.iter().cloned()).collect();
        self.store.note_leads(&all)?;
        state.noted = leads;
        state.moved.clear();
        Ok(())
    }
}
