//! Takes the queue up at the start: brings back what was under way when the process ended, then lets the lanes go.
//!
//! Invariants:
//! - What is running was left by an earlier process until the lanes are let go, and never after: it is released before,
//!   once, also if this panics and is run anew.
//! - A store that cannot be used is waited for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Lanes;
use crate::config::Current;
use crate::destinations::Directory;
use crate::failpoint;
use crate::item::{Clock, Timestamp};
use crate::service::{Bell, Service};
use crate::store::{Result, Store};

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// What it works with.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub settings: Arc<Current>,
    pub directory: Arc<Directory>,
    pub lanes: Arc<Lanes>,
    pub clock: Arc<dyn Clock>,
}

pub struct TakeUp {
    parts: Parts,
    released: AtomicBool,
    remembered: AtomicBool,
    bell: Bell,
}

impl TakeUp {
    pub fn new(parts: Parts) -> TakeUp {
        TakeUp {
            parts,
            released: AtomicBool::new(false),
            remembered: AtomicBool::new(false),
            bell: Bell::default(),
        }
    }

    /// `false`: stopped before that.
    fn release(&self) -> bool {
        let mut told = false;
        loop {
            match self.try_release() {
                Ok(()) => return true,
                Err(error) if !std::mem::replace(&mut told, true) => {
                    log::error!("the queue cannot be taken up, trying on: {error}");
                }
                Err(_) => {}
            }
            if self.bell.pause(PAUSE) {
                return false;
            }
        }
    }

    fn try_release(&self) -> Result<()> {
        let store = &self.parts.store;
        match store.jobs_in_hand() {
            Ok(jobs) => self.parts.directory.end_jobs(&jobs),
            Err(error) => log::warn!("resumed jobs are not looked for: {error}"),
        }
        let found = store.begin(self.parts.clock.now())?;
        if found.released > 0 {
            let released = found.released;
            log::warn!("{released} items were being sent when Orthanc ended; they are sent again");
        }
        for item in &found.set_aside {
            log::warn!(
                "{}: Orthanc ended again and again while instance {} ({}) was being prepared or sent; it goes after all others, with nothing beside it",
                item.destination,
                item.ids.instance,
                item.ids.sop_instance_uid
            );
        }
        for item in &found.failed {
            log::error!(
                "{}: instance {} ({}): {}; it waits in the error queue",
                item.destination,
                item.ids.instance,
                item.ids.sop_instance_uid,
                item.details.as_deref().unwrap_or_default()
            );
        }
        self.tell_unknown_destinations();
        failpoint::panic_in("sq-start");
        Ok(())
    }

    /// With `DicomModalitiesInDatabase` the names in the rules could not be checked before the start.
    fn tell_unknown_destinations(&self) {
        let settings = self.parts.settings.get();
        let Ok(known) = self.parts.directory.names(&settings, false) else {
            return;
        };
        let named = settings.rules.iter().flat_map(|rule| &rule.to);
        let unknown: BTreeSet<&String> = named.filter(|name| !known.contains(*name)).collect();
        for name in unknown {
            log::error!(
                "a rule names the destination {name}, which Orthanc's DicomModalities do not have: its items wait until it is added"
            );
        }
    }

    /// What waited, and what came since for a destination that had no lane yet. What cannot be looked up now is by
    /// `Lanes::review`.
    fn poke(&self) {
        let Parts { store, lanes, .. } = &self.parts;
        for record in store.destinations().unwrap_or_default() {
            lanes.poke(&record.name);
        }
    }

    /// The charts go on where they were. Nothing waits for it.
    fn remember_last_hour(&self, start: Timestamp) {
        let Parts { store, lanes, .. } = &self.parts;
        match store.at_rest(start.plus_seconds(-3600.0), start) {
            Ok(minutes) => {
                for minute in minutes {
                    if let Some(lane) = lanes.get(&minute.destination) {
                        lane.remember(&minute);
                    }
                }
            }
            Err(error) => log::warn!("the charts of the last hour begin anew: {error}"),
        }
    }
}

impl Service for TakeUp {
    fn run(&self) {
        let start = self.parts.clock.now();
        if !self.released.load(Ordering::Acquire) {
            if !self.release() {
                return;
            }
            self.released.store(true, Ordering::Release);
        }
        self.parts.lanes.start();
        self.poke();
        if !self.remembered.swap(true, Ordering::AcqRel) {
            self.remember_last_hour(start);
        }
    }

    fn stop(&self) {
        self.bell.stop();
    }

    fn may_end(&self) -> bool {
        true
    }
}
