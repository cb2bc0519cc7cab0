//! The deletion of one study.
//!
//! 1. All of its instances are looked at, one by one, with the digests that Orthanc keeps: each must be safe. Then what
//!    is beside them in Orthanc: files that are attached, and other instances with their UIDs.
//! 2. The deletion is written down, and is on the disk.
//! 3. Instance by instance: what the queue knows of it, what Orthanc has, and `DELETE /instances/{id}`.
//! 4. What Orthanc has of the study then is told.
//!
//! So what arrives meanwhile stays: it is another instance, or has another file. What is left open is the time between
//! the look at an instance and its deletion, a millisecond or two: an overwrite that comes just then is lost, since
//! Orthanc knows no deletion under a condition. Whatever keeps one instance ends the deletion: the study stays in part,
//! which is told in the log, in the journal and with the deletion. A crash leaves a part too; the next pass judges what
//! is left as if it were all.

use std::time::Instant;

use super::Deleter;
use super::pass::Pass;
use super::report::Sum;
use super::study::{Held, Judged, Record};
use super::twins::Twins;
use crate::failpoint;
use crate::item::safe::{Reason, Safety, Why};
use crate::store::{KeptStudy, NewDeletion, Result};

pub(super) enum Outcome {
    Deleted(Sum),
    Partial(Sum),
    Stays(Judged),
}

/// Why one instance was not deleted.
enum Kept {
    Stays(Reason),
    /// Orthanc stops, or other settings are in force.
    BrokenOff,
    Failed(String),
    /// The queue's own database failed.
    Unknown(String),
}

impl Kept {
    fn told(&self) -> String {
        match self {
            Kept::Stays(reason) => reason.told(1, 1).to_string(),
            Kept::BrokenOff => {
                "it was broken off: Orthanc stopped, or its settings changed".to_owned()
            }
            Kept::Unknown(why) => format!("the send queue could not look at it: {why}"),
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
        let knows_leads = self.knows_leads();
        let history = parts.store.history(study, &terms.names)?;
        let mut twins = Twins::of(&history);
        let record = Record::new(study, history, terms);
        let held = self.held(id).ok().filter(|_| knows_leads);
        let Some(mut held) = held else {
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
        let mut judged = record.judge(&held);
        if self.goes_on(pass) {
            self.look_around(id, &held, &mut judged);
        }
        if !judged.goes() || held.is_empty() || !self.goes_on(pass) {
            return Ok(Outcome::Stays(judged));
        }
        failpoint::pass("retention-looked");
        let young = |one: &Held| (one.received).is_some_and(|received| received > pass.terms.until);
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
            let began = Instant::now();
            match self.delete_one(pass, study, &one.id, &mut twins) {
                Ok(Ok(was_there)) => {
                    gone.instances += u64::from(was_there);
                    gone.bytes += if was_there { one.size_bytes } else { 0 };
                }
                Ok(Err(why)) => {
                    kept = Some(why.told());
                    break;
                }
                Err(error) => {
                    kept = Some(Kept::Unknown(error.to_string()).told());
                    break;
                }
            }
            failpoint::pass("retention-deleted");
            if let Err(error) = parts.store.count_deleted(number, gone.instances) {
                kept = Some(Kept::Unknown(error.to_string()).told());
                break;
            }
            // Orthanc has others to answer.
            self.bell.pause(began.elapsed());
        }
        if kept.is_none() {
            kept = match self.held(id) {
                Ok(left) if left.is_empty() => None,
                Ok(left) => Some(format!("{} arrived meanwhile", left.len())),
                Err(()) => Some("whether something arrived meanwhile is not known".to_owned()),
            };
        }
        let now = parts.clock.now();
        if let Err(error) = (parts.store).end_deletion(number, now, gone.instances, kept.as_deref())
        {
            log::debug!("the next pass writes down how the deletion ended: {error}");
        }
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
                Ok(Outcome::Partial(gone))
            }
        }
    }

    /// Keeps a study that would go for what only Orthanc knows: nothing tells that a file which somebody attached is
    /// elsewhere, and of two instances with one SOP Instance UID a destination may have the other.
    pub(super) fn look_around(&self, study: &str, held: &[Held], judged: &mut Judged) {
        if !judged.goes() || held.is_empty() {
            return;
        }
        let orthanc = &self.parts.orthanc;
        match orthanc.is_attached(study, held) {
            Ok(false) => {}
            Ok(true) => judged.keep(Reason::of_study(Why::Attached, "")),
            Err(_) => judged.keep(Reason::of_study(Why::NotAsked, "")),
        }
        for one in held {
            // Orthanc must not be asked for long once it stops.
            if self.bell.is_stopped() {
                return judged.keep(Reason::of_study(Why::NotAsked, ""));
            }
            if !matches!(orthanc.of_uid(&one.sop_instance_uid), Ok(1)) {
                judged.keep(Reason::of_study(Why::NotUnique, ""));
            }
        }
    }

    /// Looks at one instance once more, and deletes it; `false`: somebody else had.
    fn delete_one(
        &self,
        pass: &Pass,
        study: &KeptStudy,
        id: &str,
        twins: &mut Twins,
    ) -> Result<std::result::Result<bool, Kept>> {
        if !self.goes_on(pass) {
            return Ok(Err(Kept::BrokenOff));
        }
        let terms = pass.in_force();
        let history = if twins.is_old() {
            let history = self.parts.store.history(study, &terms.names)?;
            *twins = Twins::of(&history);
            history
        } else {
            twins.with(self.parts.store.history_of(study, id)?)
        };
        let record = Record::new(study, history, terms);
        let found = match self.parts.orthanc.instance(id) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Ok(false)),
            Err(error) => return Ok(Err(Kept::Failed(error.to_string()))),
        };
        let ahead = self.parts.clock.ahead();
        let found = Held {
            received: found.received.map(|received| ahead.own(received)),
            ..found
        };
        if let Safety::Stays(reason) = record.judge_one(&found) {
            return Ok(Err(Kept::Stays(reason)));
        }
        // What others left under its UID is some seconds old; what Orthanc has under it may have been made meanwhile.
        if !matches!(self.parts.orthanc.of_uid(&found.sop_instance_uid), Ok(1)) {
            return Ok(Err(Kept::Stays(Reason::of_study(Why::NotUnique, ""))));
        }
        Ok(match self.parts.orthanc.delete(id) {
            Ok(()) => Ok(true),
            Err(error) => Err(Kept::Failed(error.to_string())),
        })
    }

    /// Deletions amid which Orthanc ended: what became of them is written down now.
    /// `true`: of all of them.
    pub(super) fn close_open(&self) -> Result<bool> {
        let mut all = true;
        for deletion in self.parts.store.open_deletions()? {
            let Ok(held) = self.held(&deletion.new.name.study) else {
                all = false;
                continue;
            };
            let left = held.len() as u64;
            // What went may have been sent again since, and what went last was not counted.
            let gone = deletion
                .gone
                .max(deletion.new.instances.saturating_sub(left));
            let kept = (left > 0).then_some("Orthanc ended amid it");
            let now = self.parts.clock.now();
            self.parts
                .store
                .end_deletion(deletion.id, now, gone, kept)?;
        }
        Ok(all)
    }
}
