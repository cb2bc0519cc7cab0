//! Patients are protected in Orthanc while something of them is still to be sent (`Retention.ProtectWhileQueued`):
//! where its storage is limited, Orthanc makes room by deleting the patient that it has had longest, sent or not.
//!
//! Invariants:
//! - Who was protected by somebody else before stays so: only whom the queue protects is on record, and only these are
//!   given free. Who protects a patient whom the queue protects already leaves no trace in Orthanc: that ends with the
//!   queue's.
//! - The record is on the disk before the protection, and is removed after it: a crash or a power cut between is mended
//!   by the next round.
//! - Nobody is given free in a round that could not look at all that is new.
//! - An instance that has just come is among the last that Orthanc would delete, so that some seconds do not matter.
//! - Where the setting is off, or Orthanc deletes nobody by itself, all are given free.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use orthanc_sdk::{CallError, Client};
use parking_lot::Mutex;

use crate::config::Current;
use crate::failpoint;
use crate::item::{Clock, Timestamp};
use crate::service::{Bell, Service};
use crate::store::{Protections, Result, Unsent};

pub const NAME: &str = "sq-protect";

const PAUSE: Duration = Duration::from_secs(5);
/// Items that are looked at, and patients on record, in one step.
const ITEMS: u32 = 10_000;
const PATIENTS: u32 = 100;
/// Seconds after which all is looked at anew: what was replayed long after it had come to rest, and what others did.
const ANEW: f64 = 3600.0;
/// Seconds between two looks at how full Orthanc's storage is.
const FULL: f64 = 60.0;
/// The part of it that is nearly all.
const NEARLY: f64 = 0.95;

/// What is asked of Orthanc.
pub trait Patients: Send + Sync {
    /// `None`: Orthanc does not have this patient.
    fn is_protected(&self, patient: &str) -> std::result::Result<Option<bool>, CallError>;
    fn set_protected(&self, patient: &str, protected: bool) -> std::result::Result<(), CallError>;
    /// Bytes of all that is stored.
    fn stored(&self) -> std::result::Result<u64, CallError>;
}

pub struct Protector {
    store: Arc<dyn Protections>,
    settings: Arc<Current>,
    clock: Arc<dyn Clock>,
    patients: Box<dyn Patients>,
    bell: Bell,
    round: Mutex<Round>,
    /// Orthanc's storage is nearly full, and so many patients are protected by the queue.
    crowded: Mutex<Option<u64>>,
}

#[derive(Default)]
struct Round {
    /// The last item that was looked at.
    reached: i64,
    /// The last patient on record that was.
    swept: String,
    /// Patients on record, counted by the sweep that goes on, and by the last whole one.
    counted: u64,
    count: u64,
    /// Protected by somebody else.
    others: BTreeSet<String>,
    /// On record and protected, as far as was looked since all was looked at anew.
    done: BTreeSet<Unsent>,
    anew: Timestamp,
    full: Timestamp,
}

impl Protector {
    pub fn new(
        store: Arc<dyn Protections>,
        settings: Arc<Current>,
        clock: Arc<dyn Clock>,
        patients: Box<dyn Patients>,
    ) -> Protector {
        Protector {
            store,
            settings,
            clock,
            patients,
            bell: Bell::default(),
            round: Mutex::default(),
            crowded: Mutex::default(),
        }
    }

    /// Orthanc's storage is nearly full, and so many patients are protected since something of them waits: once it is
    /// full of them, Orthanc refuses what arrives (A700).
    pub fn crowded(&self) -> Option<u64> {
        *self.crowded.lock()
    }

    fn is_on(&self) -> bool {
        let settings = self.settings.get();
        let retention = settings.retention.as_ref();
        retention.is_some_and(|retention| retention.protect_while_queued)
            && settings.host.recycles()
    }

    /// Looks at what is new, and at some of those on record.
    pub fn step(&self) -> Result<()> {
        let mut round = self.round.lock();
        let on = self.is_on();
        let mut all = true;
        if on {
            let now = self.clock.now();
            if now >= round.anew {
                *round = Round {
                    swept: std::mem::take(&mut round.swept),
                    anew: now.plus_seconds(ANEW),
                    reached: 0,
                    others: BTreeSet::new(),
                    done: BTreeSet::new(),
                    ..*round
                };
            }
            all = self.protect_new(&mut round)?;
        } else {
            round.anew = Timestamp::default();
        }
        if all {
            self.sweep(&mut round, on)?;
        }
        self.look_at_room(&mut round, on);
        Ok(())
    }

    /// Whether all that is new was looked at, and whoever must be is protected.
    fn protect_new(&self, round: &mut Round) -> Result<bool> {
        let mut failed = None;
        let mut after = round.reached;
        while !self.bell.is_stopped() {
            let (unsent, last) = self.store.unsent(after, ITEMS)?;
            if last == 0 {
                // What failed is looked at again in the next round; the rest is done.
                round.reached = failed.unwrap_or(after);
                return Ok(failed.is_none());
            }
            if !self.protect(round, unsent)? {
                failed.get_or_insert(after);
            }
            after = last;
        }
        Ok(false)
    }

    /// `false`: of some it is not known, or they are not protected.
    fn protect(&self, round: &mut Round, unsent: Vec<Unsent>) -> Result<bool> {
        let mut known = true;
        let mut record = Vec::new();
        let mut unprotected = BTreeSet::new();
        for one in unsent {
            if self.bell.is_stopped() {
                return Ok(false);
            }
            if round.others.contains(&one.patient) || round.done.contains(&one) {
                continue;
            }
            match self.patients.is_protected(&one.patient) {
                Ok(Some(true)) if !self.store.is_protected(&one.patient)? => {
                    round.others.insert(one.patient);
                }
                Ok(Some(is_protected)) => {
                    if !is_protected {
                        unprotected.insert(one.patient.clone());
                    }
                    record.push(one);
                }
                // Gone: what is to be sent of it will say so.
                Ok(None) => {}
                Err(error) => {
                    log::debug!("whether a patient is protected is not known now: {error}");
                    known = false;
                }
            }
        }
        if record.is_empty() {
            return Ok(known);
        }
        self.store.protect(&record)?;
        failpoint::pass("protecting");
        for one in record {
            if self.bell.is_stopped() {
                return Ok(false);
            }
            if unprotected.contains(&one.patient) {
                if let Err(error) = self.patients.set_protected(&one.patient, true) {
                    log::debug!("a patient cannot be protected now: {error}");
                    known = false;
                    continue;
                }
                unprotected.remove(&one.patient);
            }
            round.done.insert(one);
        }
        Ok(known)
    }

    fn sweep(&self, round: &mut Round, on: bool) -> Result<()> {
        let page = self.store.protected(&round.swept, PATIENTS)?;
        for one in &page {
            round.swept.clone_from(&one.patient);
            if on && one.is_needed {
                round.counted += 1;
                continue;
            }
            let freed = match self.patients.is_protected(&one.patient) {
                Ok(Some(true)) => self.patients.set_protected(&one.patient, false),
                Ok(Some(false) | None) => Ok(()),
                Err(error) => Err(error),
            };
            match freed {
                Ok(()) => {
                    self.store.unprotect(&one.patient)?;
                    round.done.retain(|done| done.patient != one.patient);
                }
                Err(error) => log::debug!("a patient stays protected for now: {error}"),
            }
        }
        if page.len() < PATIENTS as usize {
            round.swept.clear();
            round.count = std::mem::take(&mut round.counted);
        }
        Ok(())
    }

    fn look_at_room(&self, round: &mut Round, on: bool) {
        let now = self.clock.now();
        if now < round.full {
            return;
        }
        round.full = now.plus_seconds(FULL);
        let most = self.settings.get().host.maximum_storage_bytes;
        if !on || round.count == 0 || most == 0 {
            *self.crowded.lock() = None;
            return;
        }
        // What cannot be asked now is as it was.
        if let Ok(stored) = self.patients.stored() {
            let is_crowded = stored as f64 >= most as f64 * NEARLY;
            *self.crowded.lock() = is_crowded.then_some(round.count);
        }
    }
}

impl Service for Protector {
    fn run(&self) {
        loop {
            failpoint::panic_in(NAME);
            // A fault is told by the store itself, and the step is made again.
            let _ = self.step();
            if self.bell.pause(PAUSE) {
                return;
            }
        }
    }

    fn stop(&self) {
        self.bell.stop();
    }
}

/// Orthanc's REST API (1.0.0).
pub struct OfOrthanc(pub Client);

impl Patients for OfOrthanc {
    fn is_protected(&self, patient: &str) -> std::result::Result<Option<bool>, CallError> {
        match self.0.get(&format!("/patients/{patient}/protected")) {
            Ok(answer) if answer.is_success() => Ok(Some(answer.body.starts_with(b"1"))),
            Ok(answer) => Err(CallError::Status {
                status: answer.status,
                body: answer.body,
            }),
            Err(error) if error.is_unknown_resource() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn set_protected(&self, patient: &str, protected: bool) -> std::result::Result<(), CallError> {
        let body = if protected { "1" } else { "0" };
        self.0
            .put(&format!("/patients/{patient}/protected"), body.as_bytes())
            .map(|_| ())
    }

    fn stored(&self) -> std::result::Result<u64, CallError> {
        let statistics = self.0.get_json("/statistics")?;
        // A text, since it may be more than JSON's numbers hold for all readers.
        let size = statistics["TotalDiskSize"].as_str();
        Ok(size.and_then(|size| size.parse().ok()).unwrap_or(0))
    }
}
