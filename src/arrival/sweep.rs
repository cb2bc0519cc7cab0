//! The search through the studies for instances whose lines were deleted from Orthanc's log before we read them.
//!
//! Invariants:
//! - A search works on a list of studies taken at its beginning, all at once: what comes later is named by a line, or
//!   handed over by the callback. (Pages of a list that changes meanwhile would leave studies out.)
//! - It goes on in small parts, between which new lines are read: arrivals do not wait for it.
//! - As long as it lasts the cursor in the store stays where it was, so that a crash begins it again; until then lines
//!   are read as those that may have been queued already.

use orthanc_sdk::CallError;
use serde_json::Value;

use super::changes::{self, Page};
use super::gaps::Gaps;
use super::reconcile::{PassError, Reconciler, second_of};
use super::unlogged::CHUNK;
use crate::item::Timestamp;
use crate::store::{Cursor, Intake};

/// Studies looked at in one pass.
const STUDIES: usize = 200;
/// Dates of lines and of receptions are taken at different moments.
const MARGIN_SECONDS: f64 = 10.0;

/// A search under way.
pub struct Sweep {
    /// What was received before this second was queued, or is not ours.
    since: String,
    /// Those still to be looked at; `None`: the list is still to be read.
    studies: Option<Vec<String>>,
    /// More was deleted since: once more.
    again: bool,
    /// The round that must be over before the search is; `None`: studies are left.
    last_round: Option<u64>,
}

impl Sweep {
    /// It waits for a round through the gaps.
    pub fn is_ending(&self) -> bool {
        self.last_round.is_some()
    }
}

impl Reconciler {
    /// Asks for a search if lines after the cursor may have been deleted unread.
    pub(super) fn look_for_cut(&mut self, cursor: &Cursor, page: &Page) -> Result<(), PassError> {
        let base = cursor.seq.max(self.accounted);
        let (suspicious, end) = match (page.changes.first(), page.end) {
            (Some(first), _) => (first.seq > base + 1, first.seq - 1),
            (None, Some(end)) => (end > base, end),
            (None, None) => (false, base),
        };
        // Gaps are normal (lines go with their resources). That nothing up to the cursor is left is not.
        if suspicious {
            if changes::is_cut(&self.parts.client, cursor.seq, |seq| self.gaps.has(seq))? {
                self.ask_for_sweep()?;
            }
            self.accounted = end;
        }
        Ok(())
    }

    /// Asks for a search, for the studies updated since the date of the cursor in the store.
    pub(super) fn ask_for_sweep(&mut self) -> Result<(), PassError> {
        if let Some(sweep) = &mut self.sweep {
            sweep.again = true;
            return Ok(());
        }
        let made = second_of(self.parts.store.created()?);
        let cursor = self.parts.store.cursor()?;
        let date = cursor.and_then(|cursor| Timestamp::parse_orthanc(&cursor.date));
        // What is in a gap may have been received long before its line appears.
        let (now, ahead) = (self.parts.clock.now(), self.parts.clock.ahead());
        let late = f64::from(self.settings.gap_seconds);
        let since = match Gaps::new(&self.parts.store.gaps()?, now).oldest() {
            Some(oldest) => date.map(|date| date.min(ahead.wall(oldest)).plus_seconds(-late)),
            None => date,
        };
        let since = since.map(|date| second_of(date.plus_seconds(-MARGIN_SECONDS)));
        self.sweep = Some(Sweep {
            since: since.map_or(made.clone(), |since| since.max(made)),
            studies: None,
            again: false,
            last_round: None,
        });
        Ok(())
    }

    /// Does a part of the search, if one is under way.
    pub(super) fn sweep_on(&mut self) -> Result<(), PassError> {
        let Some(sweep) = &mut self.sweep else {
            return Ok(());
        };
        let since = sweep.since.clone();
        let Some(studies) = &sweep.studies else {
            let answer = self.parts.client.get_json("/studies")?;
            let studies: Vec<String> =
                serde_json::from_value(answer).map_err(CallError::BadJson)?;
            log::info!(
                "changes that were not read are gone: searching the studies updated since {since}, of {}",
                studies.len()
            );
            sweep.studies = Some(studies);
            sweep.again = false;
            return Ok(());
        };
        let part: Vec<String> = studies.iter().rev().take(STUDIES).cloned().collect();
        let rest = studies.len() - part.len();
        let (delayed, mut errors): (Vec<_>, Vec<_>) =
            self.search(&part, &since)?.into_iter().unzip();
        let Some(sweep) = &mut self.sweep else {
            return Ok(());
        };
        if let Some(studies) = &mut sweep.studies {
            studies.truncate(rest);
            studies.splice(0..0, delayed);
            if !studies.is_empty() {
                // With nothing else to do, a pause is due before they are tried again.
                return match errors.pop() {
                    Some(error) if rest == 0 => Err(error.into()),
                    _ => Ok(()),
                };
            }
        }
        if sweep.again {
            sweep.studies = None;
            sweep.last_round = None;
            return Ok(());
        }
        if !self.gaps.is_empty() && self.cursor.is_some() {
            // What was found may have a line in a gap: see `late`.
            let last_round = *sweep.last_round.get_or_insert(self.rounds.begun + 1);
            if self.rounds.done < last_round {
                return Ok(());
            }
        }
        let done = self.sweep.take();
        if let Some(cursor) = self.cursor.clone() {
            let gaps = self.gaps.clone();
            if let Err(error) = self.write(Intake::arrival(&[]), Some((&cursor, &gaps))) {
                self.sweep = done;
                return Err(error);
            }
        }
        log::info!("the search through the studies is over");
        Ok(())
    }

    /// Searches those of the studies that were updated since; answers those to try again later.
    fn search(
        &mut self,
        studies: &[String],
        since: &str,
    ) -> Result<Vec<(String, CallError)>, PassError> {
        let ids: Vec<&str> = studies.iter().map(String::as_str).collect();
        let described = self.facts.resources(&ids);
        let answers = described.is_ok();
        let updated: Vec<String> = match described {
            Ok(described) => described
                .into_iter()
                .filter(|(_, study)| {
                    let date = study.get("LastUpdate").and_then(Value::as_str);
                    date.is_none_or(|date| date >= since)
                })
                .map(|(id, _)| id)
                .collect(),
            Err(CallError::HostGone) => return Err(CallError::HostGone.into()),
            // One of them cannot be described: each is looked at for itself.
            Err(_) => studies.to_vec(),
        };
        let mut failed = Vec::new();
        for study in &updated {
            match self.search_study(study, since) {
                Ok(()) => self.patience.answered(study),
                Err(PassError::Call(error)) if !matches!(error, CallError::HostGone) => {
                    failed.push((study.clone(), error));
                }
                Err(error) => return Err(error),
            }
        }
        if !answers && failed.len() == updated.len() {
            if let Some((_, error)) = failed.pop() {
                return Err(error.into());
            }
        }
        let mut delayed = Vec::new();
        for (study, error) in failed {
            let (over, just_now) = self.patience.failed(&study);
            if just_now {
                self.parts.progress.given_up(1);
                log::error!("study {study} is not searched: Orthanc cannot describe it: {error}");
            }
            if !over {
                delayed.push((study, error));
            }
        }
        Ok(delayed)
    }

    fn search_study(&mut self, study: &str, since: &str) -> Result<(), PassError> {
        let answer = match self
            .parts
            .client
            .get_json(&format!("/studies/{study}/instances"))
        {
            Ok(answer) => answer,
            Err(CallError::HostGone) => return Err(CallError::HostGone.into()),
            Err(error) => {
                // What failed a call cannot be told from its code: was the study deleted meanwhile?
                return match self.facts.resources(&[study])?.contains_key(study) {
                    true => Err(error.into()),
                    false => Ok(()),
                };
            }
        };
        let ids: Vec<&str> = answer
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|instance| instance.get("ID")?.as_str())
            .collect();
        for chunk in ids.chunks(CHUNK) {
            let mut facts = self.describe(chunk)?.facts;
            facts.retain(|fact| fact.received.as_str() >= since);
            let gone = self.take_unlogged(facts)?;
            self.count_gone(gone);
        }
        Ok(())
    }
}
