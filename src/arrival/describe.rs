//! Facts of instances, with patience for what Orthanc cannot describe.
//!
//! Invariants:
//! - One instance that Orthanc cannot describe holds up the others for [`GIVE_UP`] rounds, then it is given up: told in
//!   the log, and counted.
//! - Rounds are counted for each instance; a round in which Orthanc described nothing at all does not count.

use std::collections::HashMap;

use orthanc_sdk::CallError;

use super::facts::Fact;
use super::reconcile::{PassError, Reconciler};

/// Rounds after which an instance that Orthanc cannot describe is given up.
pub const GIVE_UP: u32 = 5;

/// How often describing a resource has failed.
#[derive(Default)]
pub struct Patience(HashMap<String, u32>);

impl Patience {
    /// Counts another failure of `id`; whether it is over with it now, and whether for the first time.
    pub fn failed(&mut self, id: &str) -> (bool, bool) {
        let rounds = self.0.entry(id.to_owned()).or_insert(0);
        *rounds += 1;
        (*rounds >= GIVE_UP, *rounds == GIVE_UP)
    }

    pub fn answered(&mut self, id: &str) {
        if !self.0.is_empty() {
            self.0.remove(id);
        }
    }
}

pub struct Described {
    pub facts: Vec<Fact>,
    /// How many Orthanc no longer has.
    pub gone: usize,
}

impl Reconciler {
    pub(super) fn describe(&mut self, ids: &[&str]) -> Result<Described, PassError> {
        let error = match self.facts.of(ids) {
            Ok(facts) => {
                for id in ids {
                    self.patience.answered(id);
                }
                return Ok(Described {
                    gone: ids.len() - facts.len(),
                    facts,
                });
            }
            Err(CallError::HostGone) => return Err(CallError::HostGone.into()),
            Err(error) => error,
        };
        let mut facts = Vec::new();
        let mut bad = Vec::new();
        for id in ids {
            match self.facts.of(&[id]) {
                Ok(found) => {
                    self.patience.answered(id);
                    facts.extend(found);
                }
                Err(CallError::HostGone) => return Err(CallError::HostGone.into()),
                Err(error) => bad.push((*id, error)),
            }
        }
        if bad.len() == ids.len() {
            return Err(error.into());
        }
        let mut patient = true;
        for (id, error) in &bad {
            let (over, just_now) = self.patience.failed(id);
            patient &= over;
            if just_now {
                self.parts.progress.given_up(1);
                log::error!("instance {id} is not queued: Orthanc cannot describe it: {error}");
            }
        }
        if !patient {
            return Err(error.into());
        }
        Ok(Described {
            gone: ids.len() - facts.len() - bad.len(),
            facts,
        })
    }
}
