//! Keeps the lines of what was delivered: those of studies that Orthanc has no more are closed, old ones go
//! (`LedgerYears`).
//!
//! Invariants:
//! - A line is closed only on Orthanc's word that it does not have the study: an error, or an answer that is none, says
//!   nothing. The store looks itself whether items are left.
//! - It is never in a hurry: some studies, then a pause; what was not come to is come to in the next round.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use orthanc_sdk::{CallError, Client};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::config::Current;
use crate::failpoint;
use crate::item::{Clock, Timestamp};
use crate::service::{Bell, Service};
use crate::store::{Deliveries, Result};

pub const NAME: &str = "sq-ledger";

/// Studies that Orthanc is asked for at once: some 15 ms.
const STEP: u32 = 100;
const PAUSE: Duration = Duration::from_secs(5);
/// Seconds from the end of a round to the next.
const BETWEEN_ROUNDS: f64 = 3600.0;
/// Lines that are removed in one transaction.
const LINES: u32 = 1000;
const SECONDS_PER_YEAR: f64 = 365.25 * 86_400.0;

/// Answers which of these studies Orthanc has.
pub type Has = dyn Fn(&[&str]) -> std::result::Result<BTreeSet<String>, CallError> + Send + Sync;

pub struct Keeper {
    store: Arc<dyn Deliveries>,
    settings: Arc<Current>,
    clock: Arc<dyn Clock>,
    has: Box<Has>,
    bell: Bell,
    /// The last study that was looked at in this round; 0: the round begins.
    reached: Mutex<i64>,
    next_round: Mutex<Timestamp>,
}

impl Keeper {
    pub fn new(
        store: Arc<dyn Deliveries>,
        settings: Arc<Current>,
        clock: Arc<dyn Clock>,
        has: Box<Has>,
    ) -> Keeper {
        Keeper {
            store,
            settings,
            clock,
            has,
            bell: Bell::default(),
            reached: Mutex::default(),
            next_round: Mutex::default(),
        }
    }

    /// Asks Orthanc for some studies; whether that ended a round.
    pub fn step(&self) -> Result<bool> {
        let mut reached = self.reached.lock();
        let (bygone, last) = loop {
            let (bygone, last) = self.store.bygone(*reached, STEP)?;
            if !bygone.is_empty() || last == 0 || self.bell.is_stopped() {
                break (bygone, last);
            }
            // Of most studies there are items, or closed lines alone.
            *reached = last;
        };
        let asked: Vec<&str> = bygone.iter().map(|study| study.study.as_str()).collect();
        let has = match asked.is_empty() {
            true => Ok(BTreeSet::new()),
            false => (self.has)(&asked),
        };
        match has {
            Ok(has) => {
                for study in bygone.iter().filter(|study| !has.contains(&study.study)) {
                    if self.bell.is_stopped() {
                        return Ok(true);
                    }
                    self.store.close(study, self.clock.now())?;
                }
            }
            // Another round comes.
            Err(error) => {
                log::debug!("whether Orthanc has studies that were sent is not known now: {error}");
            }
        }
        *reached = last;
        self.forget()?;
        Ok(last == 0)
    }

    /// Some at a time: nobody waits for the writer for long.
    fn forget(&self) -> Result<()> {
        let years = f64::from(self.settings.get().ledger_years);
        // What may turn out not to have passed removes nothing: that could not be taken back.
        let horizon = (self.clock.now())
            .plus_seconds(-self.clock.uncertain().as_secs_f64())
            .plus_seconds(-SECONDS_PER_YEAR * years);
        self.store.forget_deliveries(horizon, LINES)?;
        Ok(())
    }
}

impl Service for Keeper {
    fn run(&self) {
        loop {
            failpoint::panic_in(NAME);
            if self.clock.now() >= *self.next_round.lock() {
                // A fault is told by the store itself, and the step is made again.
                if let Ok(true) = self.step() {
                    *self.next_round.lock() = self.clock.now().plus_seconds(BETWEEN_ROUNDS);
                }
            }
            if self.bell.pause(PAUSE) {
                return;
            }
        }
    }

    fn stop(&self) {
        self.bell.stop();
    }
}

/// Asks Orthanc (`POST /tools/bulk-content`, 1.9.4), which leaves out what it does not have.
pub fn of_orthanc(client: Client) -> Box<Has> {
    Box::new(move |studies| {
        let asked = json!({ "Resources": studies, "Metadata": false });
        let answer = client.post_json("/tools/bulk-content", &asked)?;
        // Anything else must not pass for an answer without studies.
        let found: Vec<Value> = serde_json::from_value(answer)?;
        let ids = found.iter().filter_map(|study| study.get("ID")?.as_str());
        Ok(ids.map(str::to_owned).collect())
    })
}
