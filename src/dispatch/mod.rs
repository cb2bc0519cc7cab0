//! From the queue to the destinations: a lane for each, with workers of its own.
//!
//! Invariants:
//! - A lane per destination, threads per lane: nothing is shared that one destination could block (G4), but the wire
//!   with other names of the same target, and what an endpoint asks for (`Endpoint::admit`).
//! - A lane is made as the database remembers its destination: a pause or an outage holds from its first moment on.
//! - What is not configured has no lane: its items wait, and no thread with them.
//! - Workers are services ([`crate::service`]), begun after [`Lanes::start`] only; stopping twice is fine.

pub mod alone;
pub mod breaker;
pub mod figures;
pub mod history;
pub mod hours;
pub mod lane;
pub mod manners;
pub mod promoter;
pub mod rate;
pub mod takeup;
pub mod throttle;
pub mod timekeeper;
pub mod waits;
pub mod windows;
pub mod wire;
pub mod worker;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use self::lane::{Known, Terms};
pub use self::lane::{Lane, LaneStatus, Tools};
use self::wire::Wire;
use crate::config::Current;
use crate::config::settings::Settings;
use crate::destinations::Destination;
use crate::item;
use crate::store::DestinationRecord;

/// All the lanes.
pub struct Lanes {
    settings: Arc<Current>,
    tools: Arc<Tools>,
    state: Mutex<All>,
}

#[derive(Default)]
struct All {
    running: bool,
    stopped: bool,
    lanes: BTreeMap<String, Arc<Lane>>,
    /// By target.
    wires: BTreeMap<String, Arc<Wire>>,
    /// Names that were looked for lately and lead nowhere.
    unknown: BTreeSet<String>,
    /// Those that are not configured, and have items.
    absent: BTreeSet<String>,
    /// Instances that those took that have no lane any more.
    sent_before: u64,
    /// Lanes that are no more, until what they sent last is in the book of hours.
    gone: Vec<Arc<Lane>>,
}

/// Why there is no lane.
#[derive(Debug, thiserror::Error)]
pub enum NoLane {
    #[error("the destination is not configured")]
    NotConfigured,
    #[error("{0}")]
    Orthanc(String),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl Lanes {
    pub fn new(settings: Arc<Current>, tools: Arc<Tools>) -> Lanes {
        Lanes {
            settings,
            tools,
            state: Mutex::default(),
        }
    }

    /// The lane of a destination, made on its first use.
    ///
    /// # Errors
    /// When it is not configured; when Orthanc or the store cannot be asked now.
    pub fn lane(&self, name: &str) -> Result<Arc<Lane>, NoLane> {
        loop {
            let settings = self.settings.get();
            if let Some(lane) = self.lane_under(&settings, name)? {
                return Ok(lane);
            }
        }
    }

    /// `Ok(None)`: the settings were replaced meanwhile.
    fn lane_under(
        &self,
        settings: &Arc<Settings>,
        name: &str,
    ) -> Result<Option<Arc<Lane>>, NoLane> {
        if let Some(lane) = self.get(name) {
            return Ok(Some(lane));
        }
        let found = self.tools.directory.find(settings, name);
        let Some(destination) = found.map_err(NoLane::Orthanc)? else {
            self.lock().unknown.insert(name.to_owned());
            return Err(NoLane::NotConfigured);
        };
        let record = self.tools.store.destination(name)?;
        let target = if destination.target == name {
            None
        } else {
            self.tools.store.destination(&destination.target)?
        };
        Ok(self.make(settings, destination, record.as_ref(), target.as_ref()))
    }

    /// `record`, `of_target`: what the database remembers of it, and of its target if that has another name.
    fn make(
        &self,
        settings: &Arc<Settings>,
        destination: Destination,
        record: Option<&DestinationRecord>,
        of_target: Option<&DestinationRecord>,
    ) -> Option<Arc<Lane>> {
        let mut state = self.lock();
        // Those that are replaced are told to the lanes that are there.
        if !Arc::ptr_eq(settings, &self.settings.get()) {
            return None;
        }
        // Another thread may have been faster.
        if let Some(lane) = state.lanes.get(&destination.name) {
            return Some(lane.clone());
        }
        let (name, target) = (destination.name.clone(), destination.target.clone());
        let wire = state.wires.entry(target.clone()).or_insert_with(|| {
            let wire = Wire::new(&target, settings.destination(&target));
            if let Some(known) = if target == name { record } else { of_target } {
                let now = self.tools.clock.now();
                wire.restore(known.outage, known.outages, now, (self.tools.jitter)());
            }
            Arc::new(wire)
        });
        let own = settings.destination(&name).clone();
        let known = record.map(|record| Known {
            paused: record.paused_since.is_some(),
            confirming: record.confirming.waiting > 0,
        });
        let known = known.unwrap_or_default();
        let lane = Lane::new(destination, own, wire.clone(), self.tools.clone(), &known);
        state.unknown.remove(&name);
        state.lanes.insert(name, lane.clone());
        let running = state.running;
        drop(state);
        if running {
            lane.open();
        }
        Some(lane)
    }

    /// The settings in force now.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.get()
    }

    pub fn get(&self, name: &str) -> Option<Arc<Lane>> {
        self.lock().lanes.get(name).cloned()
    }

    /// Whether a destination cannot be reached. One that is gone is missed by nobody.
    pub fn is_unreachable(&self, record: &DestinationRecord) -> bool {
        if let Some(lane) = self.get(&record.name) {
            return lane.status().unreachable_since.is_some();
        }
        let names = self.tools.directory.names(&self.settings.get(), false);
        record.outage.is_some() && names.map_or(true, |names| names.contains(&record.name))
    }

    /// Instances that were acknowledged since the start, by those too that are gone.
    pub fn sent(&self) -> u64 {
        let state = self.lock();
        let now = state.lanes.values().map(|lane| lane.figures().sent);
        state.sent_before + now.sum::<u64>()
    }

    /// What each destination was sent by the hour since the last time.
    pub(crate) fn take_hours(&self) -> Vec<(String, hours::Hours)> {
        let mut state = self.lock();
        let gone = std::mem::take(&mut state.gone);
        // A worker of one that is gone may still send.
        let still = |lane: &&Arc<Lane>| Arc::strong_count(lane) > 1;
        state.gone = gone.iter().filter(still).cloned().collect();
        let all: Vec<Arc<Lane>> = state.lanes.values().chain(&gone).cloned().collect();
        drop(state);
        let hours = all
            .iter()
            .map(|lane| (lane.name.clone(), lane.take_hours()));
        hours.filter(|(_, hours)| !hours.is_empty()).collect()
    }

    /// There may be something to send to this destination. Before the start none is made for it: that looks at all of
    /// them. What cannot be looked up now is by [`Lanes::review`].
    pub fn poke(&self, name: &str) {
        let lane = {
            let state = self.lock();
            let lane = state.lanes.get(name).cloned();
            if lane.is_none() && (!state.running || state.unknown.contains(name)) {
                return;
            }
            lane
        };
        match lane.map_or_else(|| self.lane(name), Ok) {
            Ok(lane) => lane.poke(),
            Err(error) => log::debug!("{name}: nothing is sent now: {error}"),
        }
    }

    /// There may be something to send to any of them.
    pub fn poke_all(&self) {
        for lane in self.lock().lanes.values() {
            lane.poke();
        }
    }

    /// Starts sending, also by lanes that are made later.
    pub fn start(&self) {
        let mut state = self.lock();
        if state.running || state.stopped {
            return;
        }
        state.running = true;
        let lanes: Vec<Arc<Lane>> = state.lanes.values().cloned().collect();
        drop(state);
        for lane in lanes {
            lane.open();
        }
    }

    /// Looks again at which destinations are configured: what is not has no lane any more. Pokes those for which
    /// something is ready: nothing that was missed when it came is missed for ever. Answers those that are not
    /// configured and have items that wait; `None`: Orthanc cannot be asked now, and nothing is held against any.
    pub fn review(&self, records: &[DestinationRecord]) -> Option<Vec<String>> {
        let all: Vec<String> = {
            let mut state = self.lock();
            if state.stopped {
                return None;
            }
            state.unknown.clear();
            state.lanes.keys().cloned().collect()
        };
        let is_of_use = |record: &&DestinationRecord| {
            record.counts.open() > 0 || record.outage.is_some() || record.confirming.waiting > 0
        };
        let waiting = records.iter().filter(is_of_use);
        let wanted = all.iter().chain(waiting.clone().map(|record| &record.name));
        // What is not known may have been added.
        let settings = self.settings.get();
        let names = |fresh| self.tools.directory.names(&settings, fresh).ok();
        let known = |names: &BTreeSet<String>| wanted.clone().all(|name| names.contains(name));
        let configured = names(false).filter(known).or_else(|| names(true));
        let is_absent = |name: &String| {
            let configured = configured.as_ref();
            configured.is_some_and(|names| !names.contains(name))
        };
        for name in all.iter().filter(|name| is_absent(name)) {
            if self.close(name) {
                log::warn!("{name}: no longer configured in Orthanc");
            }
        }
        let (absent, known): (Vec<_>, Vec<_>) = waiting.partition(|record| is_absent(&record.name));
        for record in known {
            // An outage that nobody looks after would last for ever: of the target of a name that leads elsewhere now.
            let is_left = record.outage.is_some() && self.get(&record.name).is_none();
            if is_left || record.counts.get(item::State::Pending) > 0 {
                self.poke(&record.name);
            }
            if record.confirming.waiting > 0 {
                if let Ok(lane) = self.lane(&record.name) {
                    lane.ask_soon();
                }
            }
        }
        configured.as_ref()?;
        let absent: Vec<String> = absent
            .into_iter()
            .filter(|record| record.counts.open() > 0)
            .map(|record| record.name.clone())
            .collect();
        self.tell_absent(&absent);
        Some(absent)
    }

    /// What is on its way goes on. `false`: there was none.
    fn close(&self, name: &str) -> bool {
        let mut state = self.lock();
        let Some(lane) = state.lanes.remove(name) else {
            return false;
        };
        state.sent_before += lane.figures().sent;
        let in_use = |other: &Arc<Lane>| Arc::ptr_eq(&other.wire, &lane.wire);
        if !state.lanes.values().any(in_use) {
            state.wires.remove(&lane.wire.target);
        }
        state.gone.push(lane.clone());
        drop(state);
        lane.close();
        true
    }

    /// The settings were replaced: lanes whose own ones are others go on under them, with all that is known of their
    /// destination; one that leads to another target now begins anew.
    pub fn settings_changed(&self) {
        let settings = self.settings.get();
        let lanes: Vec<Arc<Lane>> = {
            let mut state = self.lock();
            state.unknown.clear();
            for wire in state.wires.values() {
                wire.set_limits(settings.destination(&wire.target));
            }
            state.lanes.values().cloned().collect()
        };
        for lane in lanes {
            let name = &lane.name;
            if settings.target(name) != lane.wire.target {
                self.close(name);
                self.poke(name);
                continue;
            }
            let own = settings.destination(name);
            if lane.terms().settings == *own {
                continue;
            }
            if let Some(destination) = self.tools.directory.make(&settings, name) {
                lane.take_over(Terms {
                    settings: own.clone(),
                    endpoint: destination.endpoint,
                });
            }
        }
    }

    /// Says once of each that its items wait.
    fn tell_absent(&self, absent: &[String]) {
        let mut state = self.lock();
        let new = absent.iter().filter(|name| !state.absent.contains(*name));
        for name in new {
            log::error!(
                "{name}: not configured in Orthanc (any more): its items are kept and wait until it is, or until they are redirected"
            );
        }
        state.absent = absent.iter().cloned().collect();
    }

    /// The machine's clock was set: whoever waits for a window looks again.
    pub fn clock_was_set(&self) {
        for lane in self.lock().lanes.values() {
            lane.look_again();
        }
    }

    /// Nothing more is claimed; what is under way goes on.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.running = false;
        self.tools.budget.stop();
        self.tools.alone.stop();
        for lane in state.lanes.values() {
            lane.stop();
        }
    }

    /// Whether some worker is still at work.
    pub fn is_busy(&self) -> bool {
        self.tools.services.alive(worker::NAME) > 0
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.state.lock()
    }
}
