//! The deletion of one study.
//!
//! 1. All of its instances are looked at, one by one, with the digests that Orthanc keeps: each must be safe.
//! 2. The deletion is written down, and is on the disk.
//! 3. Instance by instance: what the queue knows of it, what Orthanc has, and `DELETE /instances/{id}`.
//! 4. What Orthanc has of the study then is told.
//!
//! So what arrives meanwhile stays: it is another instance, or has another file. What is left open is the time between
//! the look at an instance and its deletion, a millisecond or two: an overwrite that comes just then is lost, since
//! Orthanc knows no deletion under a condition. Whatever keeps one instance ends the deletion: the study stays in part,
//! which is told in the log, in the journal and with the deletion. A crash leaves a part too; the next pass judges what
//! is left as if it were all.

use super::Deleter;
use super::pass::Pass;
use super::report::Sum;
use super::study::{Judged, Record, Terms};
use crate::failpoint;
use crate::item::safe::{Reason, Safety, Why};
use crate::store::{KeptStudy, NewDeletion, Result};

pub(super) enum Outcome {
    Deleted(Sum),
    Partial,
    Stays(Judged),
}

/// Why one instance was not deleted.
enum Kept {
    Stays(Reason),
    /// Orthanc stops, or other settings are in force.
    BrokenOff,
    Failed(String),
}

impl Kept {
    fn told(&self) -> String {
        match self {
            Kept::Stays(reason) => reason.told(1, 1).to_string(),
            Kept::BrokenOff => {
                "it was broken off: Orthanc stopped, or its settings changed".to_owned()
            }
            Kept::Failed(why) => format!("Orthanc did not delete it: {why}"),
        }
    }
}

impl Deleter {
    pub(super) fn delete(&self, pass: &Pass, study: &KeptStudy) -> Result<Outcome> {
        let parts = &self.parts;
        let terms = pass.in_force();
        let id = &study.name.study;
        // Others may have taken their time since the study was read.
        let mut judged = Judged::default();
        let Some(study) = &parts.store.kept_study(&terms.safe, id)? else {
            judged.keep(Reason::of_study(Why::NotNamed, ""));
            return Ok(Outcome::Stays(judged));
        };
        if let Some(reason) = terms.keeps(study) {
            judged.keep(reason);
            return Ok(Outcome::Stays(judged));
        }
        let history = parts.store.history(study, None, &terms.safe)?;
        let record = Record::new(study, history, terms);
        let Ok(mut held) = self.held(id) else {
            let mut judged = record.judge_alone();
            judged.keep(Reason::of_study(Why::NotAsked, ""));
            return Ok(Outcome::Stays(judged));
        };
        for one in &mut held {
            // Orthanc must not be asked for long once it stops.
            if !self.goes_on(pass) {
                break;
            }
            match parts.orthanc.instance(&one.id) {
                Ok(Some(found)) => one.content = found.content,
                Ok(None) | Err(_) => one.content.file = None,
            }
        }
        let judged = record.judge(&held);
        if !judged.goes() || held.is_empty() || !self.goes_on(pass) {
            return Ok(Outcome::Stays(judged));
        }
        failpoint::pass("retention-looked");
        let young = |one: &super::study::Held| {
            (one.received).is_some_and(|received| received > pass.terms.until)
        };
        let deletion = NewDeletion {
            name: study.name.clone(),
            begun: parts.clock.now(),
            instances: judged.instances,
            bytes: judged.bytes,
            is_emergency: pass.terms.keeps(study).is_some() || held.iter().any(young),
            safe: (terms.safe.iter().cloned())
                .zip(
                    study
                        .delivered
                        .iter()
                        .copied()
                        .map(Option::unwrap_or_default),
                )
                .collect(),
        };
        let number = parts.store.begin_deletion(&deletion)?;
        failpoint::pass("retention-noted");

        let mut gone = Sum::default();
        let mut kept = None;
        for one in &held {
            match self.delete_one(pass, study, &one.id, terms)? {
                Ok(()) => {
                    gone.instances += 1;
                    gone.bytes += one.size_bytes;
                }
                Err(why) => {
                    kept = Some(why.told());
                    break;
                }
            }
            failpoint::pass("retention-deleted");
        }
        if kept.is_none() {
            kept = match self.held(id) {
                Ok(left) if left.is_empty() => None,
                Ok(left) => Some(format!("{} arrived meanwhile", left.len())),
                Err(()) => Some("whether something arrived meanwhile is not known".to_owned()),
            };
        }
        let now = parts.clock.now();
        (parts.store).end_deletion(number, now, gone.instances, kept.as_deref())?;
        failpoint::pass("retention-ended");
        match kept {
            None => {
                log::info!(
                    "study {id} was deleted from Orthanc: {} instances",
                    gone.instances
                );
                Ok(Outcome::Deleted(gone))
            }
            Some(why) => {
                log::warn!(
                    "study {id} was deleted from Orthanc in part: {} of {} instances; {why}",
                    gone.instances,
                    deletion.instances
                );
                Ok(Outcome::Partial)
            }
        }
    }

    /// Looks at one instance once more, and deletes it.
    fn delete_one(
        &self,
        pass: &Pass,
        study: &KeptStudy,
        id: &str,
        terms: &Terms,
    ) -> Result<std::result::Result<(), Kept>> {
        if !self.goes_on(pass) {
            return Ok(Err(Kept::BrokenOff));
        }
        let history = self.parts.store.history(study, Some(id), &terms.safe)?;
        let record = Record::new(study, history, terms);
        let found = match self.parts.orthanc.instance(id) {
            Ok(Some(found)) => found,
            // Somebody else deleted it.
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(Kept::Failed(error.to_string()))),
        };
        let ahead = self.parts.clock.ahead();
        let found = super::study::Held {
            received: found.received.map(|received| ahead.own(received)),
            ..found
        };
        if let Safety::Stays(reason) = record.judge_one(&found) {
            return Ok(Err(Kept::Stays(reason)));
        }
        Ok(match self.parts.orthanc.delete(id) {
            Ok(()) => Ok(()),
            Err(error) => Err(Kept::Failed(error.to_string())),
        })
    }

    /// Deletions amid which Orthanc ended: what became of them is written down now.
    pub(super) fn close_open(&self) -> Result<()> {
        for deletion in self.parts.store.open_deletions()? {
            let Ok(held) = self.held(&deletion.new.name.study) else {
                continue;
            };
            let left = held.len() as u64;
            let gone = deletion.new.instances.saturating_sub(left);
            let kept = (left > 0).then_some("Orthanc ended amid it");
            let now = self.parts.clock.now();
            self.parts
                .store
                .end_deletion(deletion.id, now, gone, kept)?;
        }
        Ok(())
    }
}
