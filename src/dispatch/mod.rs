//! From the queue to the destinations: a lane for each, with workers of its own.
//!
//! Invariants:
//! - A lane per destination, threads per lane: nothing is shared that one destination could block (G4), but
//!   what the transport itself shares (see `transport::rest::slots`).
//! - Threads are started by [`Lanes::start`] only, and joined by [`Lanes::join`]; stopping twice is fine.

pub mod alone;
pub mod breaker;
pub mod budget;
pub mod figures;
pub mod history;
pub mod lane;
pub mod manners;
pub mod promoter;
pub mod rate;
pub mod takeup;
pub mod throttle;
pub mod timekeeper;
pub mod windows;
pub mod worker;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Mutex, MutexGuard};

pub use self::lane::{Lane, LaneStatus, Tools};
use crate::config::settings::{DestinationSettings, Settings};
use crate::store::DestinationRecord;
use crate::transport::InUse;

/// All the lanes.
pub struct Lanes {
    settings: Arc<Settings>,
    tools: Arc<Tools>,
    /// Names a worker's thread to the operating system.
    name_thread: Box<dyn Fn(&str) + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: bool,
    stopped: bool,
    /// Destinations that had work before the start. Their lanes must not be made before what the database remembers of
    /// them, a pause or an outage, was restored.
    early: BTreeSet<String>,
    lanes: BTreeMap<String, Arc<Lane>>,
    threads: Vec<JoinHandle<()>>,
}

impl Lanes {
    pub fn new(
        settings: Arc<Settings>,
        tools: Arc<Tools>,
        name_thread: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Lanes {
        Lanes {
            settings,
            tools,
            name_thread,
            state: Mutex::new(State::default()),
        }
    }

    /// The lane of a destination, made on its first use.
    pub fn ensure(self: &Arc<Self>, name: &str, paused: bool) -> Arc<Lane> {
        let settings = self.settings.destination(name).clone();
        self.ensure_by(name, || {
            Lane::new(name.to_owned(), settings, self.tools.clone(), paused)
        })
    }

    /// The lane of a destination as the database remembers it.
    pub fn restore(self: &Arc<Self>, record: &DestinationRecord) -> Arc<Lane> {
        let settings = self.settings.destination(&record.name).clone();
        self.ensure_by(&record.name, || {
            Lane::restored(record, settings, self.tools.clone())
        })
    }

    fn ensure_by(self: &Arc<Self>, name: &str, make: impl FnOnce() -> Lane) -> Arc<Lane> {
        let mut state = self.lock();
        if let Some(lane) = state.lanes.get(name) {
            return lane.clone();
        }
        let lane = Arc::new(make());
        state.lanes.insert(name.to_owned(), lane.clone());
        let count = state.lanes.len();
        for lane in state.lanes.values() {
            lane.set_shared(count > 1);
        }
        self.tools.transport.set_destinations(count);
        if state.running {
            self.spawn(&mut state, &lane);
        }
        lane
    }

    /// What is set for a destination, whether it has a lane yet or not.
    pub fn settings(&self, name: &str) -> &DestinationSettings {
        self.settings.destination(name)
    }

    pub fn get(&self, name: &str) -> Option<Arc<Lane>> {
        self.lock().lanes.get(name).cloned()
    }

    /// Which transport a destination is sent by, and why.
    pub fn transport_in_use(&self, name: &str) -> InUse {
        self.tools.transport.in_use(name)
    }

    /// There may be something to send to this destination.
    pub fn poke(self: &Arc<Self>, name: &str) {
        {
            let mut state = self.lock();
            if !state.running && !state.lanes.contains_key(name) {
                state.early.insert(name.to_owned());
                return;
            }
        }
        self.ensure(name, false).poke();
    }

    /// There may be something to send to any of them.
    pub fn poke_all(&self) {
        for lane in self.lock().lanes.values() {
            lane.poke();
        }
    }

    /// There may be something to send to any that the store knows. Best effort: a store that cannot be asked is asked again by
    /// whoever writes into it.
    pub fn poke_known(self: &Arc<Self>) {
        for record in self.tools.store.destinations().unwrap_or_default() {
            self.poke(&record.name);
        }
    }

    /// Starts the workers of all lanes, also of those that are made later.
    pub fn start(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.running || state.stopped {
            return;
        }
        state.running = true;
        let lanes: Vec<Arc<Lane>> = state.lanes.values().cloned().collect();
        for lane in lanes {
            self.spawn(&mut state, &lane);
        }
        let early = std::mem::take(&mut state.early);
        drop(state);
        for name in early {
            self.poke(&name);
        }
    }

    /// The machine's clock was set: whoever waits for a window looks again.
    pub fn clock_was_set(&self) {
        for lane in self.lock().lanes.values() {
            lane.clock_was_set();
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
        self.lock()
            .threads
            .iter()
            .any(|thread| !thread.is_finished())
    }

    /// Waits for the workers to end, after [`Lanes::stop`].
    pub fn join(&self) {
        let threads = std::mem::take(&mut self.lock().threads);
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// Threads that should live and do not: `(alive, all)`.
    pub fn threads(&self) -> (usize, usize) {
        let state = self.lock();
        let alive = state
            .threads
            .iter()
            .filter(|thread| !thread.is_finished())
            .count();
        (alive, state.threads.len())
    }

    fn spawn(self: &Arc<Self>, state: &mut State, lane: &Arc<Lane>) {
        for number in 0..lane.settings().associations {
            let lane_of_worker = lane.clone();
            let lanes = self.clone();
            let thread = std::thread::Builder::new()
                .name("sq-send".to_owned())
                .spawn(move || {
                    (lanes.name_thread)("sq-send");
                    worker::run(&lane_of_worker, number);
                });
            match thread {
                Ok(thread) => state.threads.push(thread),
                Err(error) => log::error!(
                    "{}: worker {number} could not be started: {error}",
                    lane.name
                ),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}
