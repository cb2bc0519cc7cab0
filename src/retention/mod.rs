//! Deletes from Orthanc the studies that are proven elsewhere (`Retention`), or tells which it would delete.
//!
//! Invariants (G12):
//! - A study goes only if each instance that Orthanc has of it is safe at each required destination, those very bytes
//!   ([`study`], `item::safe`). What cannot be found out keeps it.
//! - It is looked at three times: by what the queue knows, for all studies; then with what Orthanc has, for those that
//!   may go; then, where something is really deleted, instance by instance ([`delete`]).
//! - Nothing is deleted while `DryRun` is in force, or under settings that are no longer.
//! - Nobody waits for it: it reads the database in steps, and leaves Orthanc as much time as it takes.

mod delete;
mod leads;
pub mod orthanc;
mod pass;
pub mod report;
pub mod study;
mod twins;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

pub use self::leads::Leads;
use self::orthanc::Orthanc;
use self::report::Report;
use self::study::{Judged, Record, Terms};
use crate::config::Current;
use crate::failpoint;
use crate::item::safe::{Reason, Why};
use crate::item::{Clock, Timestamp};
use crate::service::{Bell, Service, Woken};
use crate::store::{Chronicle, KeptStudy, Result, Retention};

pub const NAME: &str = "sq-retention";

/// Seconds from the end of a pass to the next.
const BETWEEN_PASSES: f64 = 3600.0;
/// The same after a fault.
const AFTER_A_FAULT: f64 = 60.0;
/// Whether it is time, and whether it is still well.
const LOOK: Duration = Duration::from_secs(5);
const SECONDS_PER_DAY: f64 = 86_400.0;

/// Of the disk of a folder, how much is free, in percent.
pub type Free = dyn Fn(&Path) -> Option<f64> + Send + Sync;

/// Else why that is not known now.
pub type LookUp = dyn Fn() -> std::result::Result<(), String> + Send + Sync;

pub struct Parts {
    pub store: Arc<dyn Retention>,
    pub journal: Arc<dyn Chronicle>,
    pub settings: Arc<Current>,
    pub clock: Arc<dyn Clock>,
    pub orthanc: Box<dyn Orthanc>,
    pub free: Box<Free>,
    /// Asks Orthanc what its modalities lead to, and notes it.
    pub look_up: Box<LookUp>,
}

pub struct Deleter {
    parts: Parts,
    bell: Bell,
    /// A person wants a pass: whether one that only tells.
    wanted: Mutex<Option<bool>>,
    next_pass: Mutex<Timestamp>,
    last: Mutex<Option<Arc<Report>>>,
    is_running: AtomicBool,
}

impl Deleter {
    pub fn new(parts: Parts) -> Deleter {
        Deleter {
            parts,
            bell: Bell::default(),
            wanted: Mutex::default(),
            next_pass: Mutex::default(),
            last: Mutex::default(),
            is_running: AtomicBool::default(),
        }
    }

    /// What the last pass found.
    pub fn last(&self) -> Option<Arc<Report>> {
        self.last.lock().clone()
    }

    pub fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Relaxed) || self.wanted.lock().is_some()
    }

    /// A pass begins soon. `dry_run`: nothing is deleted, whatever the settings say.
    pub fn want(&self, dry_run: bool) {
        let mut wanted = self.wanted.lock();
        // Who only wants to look is not surprised by another one's deletion.
        *wanted = Some(wanted.unwrap_or(false) || dry_run);
        self.bell.ring();
    }

    /// Other settings are in force.
    pub fn settings_changed(&self) {
        // What was found is of the old ones.
        *self.last.lock() = None;
        *self.next_pass.lock() = Timestamp::default();
        self.bell.ring();
    }

    pub fn free_percent(&self) -> Option<f64> {
        (self.parts.free)(&self.parts.settings.get().storage_directory)
    }

    /// How a study is judged now, with what Orthanc has; `None`: the queue does not know it, or there are no settings.
    pub fn look(&self, study: &str) -> Result<Option<(KeptStudy, Judged)>> {
        let settings = self.parts.settings.get();
        let Some(retention) = &settings.retention else {
            return Ok(None);
        };
        let Some(kept) = self.parts.store.kept_study(&retention.safe, study)? else {
            return Ok(None);
        };
        let until = self.young_since(retention.delete_after_days);
        let terms = Terms::new(&settings, retention, until);
        let history = self.parts.store.history(&kept, &terms.names)?;
        let record = Record::new(&kept, history, &terms);
        let mut judged = match self.held(&kept.name.study) {
            Ok(held) => {
                let mut judged = record.judge(&held);
                self.look_around(&kept.name.study, &held, &mut judged);
                judged
            }
            Err(()) => {
                let mut judged = record.judge_alone();
                judged.keep(Reason::of_study(Why::NotAsked, ""));
                judged
            }
        };
        if let Some(reason) = terms.keeps(&kept) {
            judged.keep(reason);
        }
        Ok(Some((kept, judged)))
    }

    /// What came after this is too young. What may turn out not to have passed has not.
    fn young_since(&self, days: u32) -> Timestamp {
        let clock = &self.parts.clock;
        (clock.now())
            .plus_seconds(-clock.uncertain().as_secs_f64())
            .plus_seconds(-SECONDS_PER_DAY * f64::from(days))
    }

    /// Whether it is known what destinations lead to now.
    fn knows_leads(&self) -> bool {
        let found = (self.parts.look_up)();
        if let Err(error) = &found {
            log::debug!("what destinations lead to is not known now: {error}");
        }
        found.is_ok()
    }

    /// What Orthanc has of a study, with times of our own.
    fn held(&self, study: &str) -> std::result::Result<Vec<study::Held>, ()> {
        let ahead = self.parts.clock.ahead();
        match self.parts.orthanc.instances(study) {
            Ok(mut held) => {
                for one in &mut held {
                    one.received = one.received.map(|received| ahead.own(received));
                }
                Ok(held)
            }
            Err(error) => {
                log::debug!("Orthanc cannot be asked for study {study} now: {error}");
                Err(())
            }
        }
    }
}

impl Service for Deleter {
    fn run(&self) {
        self.is_running.store(false, Ordering::Relaxed);
        // Each pass does it; where there is none, once.
        let mut closes = true;
        loop {
            failpoint::panic_in(NAME);
            let is_on = self.parts.settings.get().retention.is_some();
            if !is_on {
                *self.wanted.lock() = None;
                closes = closes && !matches!(self.close_open(), Ok(true));
            }
            let wanted = self.wanted.lock().is_some();
            let now = self.parts.clock.now();
            if is_on && (wanted || now >= *self.next_pass.lock()) {
                self.is_running.store(true, Ordering::Relaxed);
                let wanted = self.wanted.lock().take();
                // A fault is told by the store itself.
                let pause = match self.pass(wanted) {
                    Ok(true) => BETWEEN_PASSES,
                    Ok(false) => 0.0,
                    Err(_) => AFTER_A_FAULT,
                };
                *self.next_pass.lock() = self.parts.clock.now().plus_seconds(pause);
                self.is_running.store(false, Ordering::Relaxed);
            }
            let wait = self.next_pass.lock().since(self.parts.clock.now());
            let wait = wait.max(Duration::from_secs(1));
            if self.bell.wait(wait.min(LOOK)) == Woken::Stopped {
                return;
            }
        }
    }

    fn stop(&self) {
        self.bell.stop();
    }
}
