//! The whole study: what a rule with `"Scope": "Study"` takes beside the instances that match by themselves.
//!
//! An instance that matches such a rule opens its study to it. That is written in the transaction that makes the items
//! of this instance and moves the cursor, and with it that a look back is owed ([`crate::store::Studies`]). Then every
//! instance of the study matches. The argument that none is left out, and none queued twice:
//!
//! - **What comes later** is routed after the study was opened, since one thread does both: it matches. So does what
//!   Orthanc makes visible late, what its log no longer names, and what comes weeks later.
//! - **What came earlier**, in the same page of the log or years ago, is in the list of the study's instances that is
//!   read after the study was opened, and is routed by the rules that opened it, and by no other. What is stored after
//!   the list was read comes later. What is deleted meanwhile is neither.
//! - **Per instance** is all but `When`: what `Unless`, `Anonymized`, `Modified`, another rule's `Stop` or the origin
//!   keeps from a rule does not go with its study.
//! - **Twice** is told by the store: one reception of an instance makes one item for a destination
//!   ([`crate::store::Duplicates`]), in whatever order its own line and a look back come. A look back says nothing of
//!   an instance's own arrival (`Duplicates::Earlier`, [`super::recent`] does not learn of it): what other rules make
//!   of it is made when its line is read.
//! - **kill -9** before that transaction: the line is read again, and opens the study again. After it: the look back is
//!   owed, and is begun anew; what it had queued is not queued again. It is paid after its last item is written.
//! - **A search under way** keeps the cursor back, and not what is known of studies: lines that are read once more find
//!   the study open.
//! - **Undecided** opens nothing, and neither does an instance that was received again without being stored, where the
//!   rule does not send that (`Again`).
//! - **What Orthanc cannot describe**: one instance as everywhere ([`super::describe`]); a part of a study of which
//!   nothing can be described, though the study can, is given up after as many rounds: told, and counted. Until then
//!   arrivals go on, and other studies do.
//! - **Forgotten** is a study that Orthanc does not have any more, or whose rule takes no whole studies any more, and
//!   neither before three months have passed since it was taken: where studies are deleted once they are sent, a report
//!   that comes later still goes, and a rule that is gone by mistake finds its studies again. Both are seen by the
//!   thread that routes, so no arrival is routed in between. If the study comes back after that, its instances arrive,
//!   and what matches opens it again; so it is if the rule comes back.
//!
//! A study is looked through in chunks, and some of them in one pass, between which new lines are read: what is in
//! memory is a list of identifiers, and one chunk of facts.

use std::collections::{HashMap, HashSet, VecDeque};

use orthanc_sdk::CallError;

use super::describe::Patience;
#[cfg(doc)]
use super::enlist::Enlisted;
use super::facts::Fact;
use super::reconcile::{PassError, Reconciler};
use super::unlogged::CHUNK;
use crate::config::settings::{Rule, Scope, Settings};
use crate::failpoint;
use crate::item::{Again, Timestamp};
use crate::routing::Resolution;
use crate::store::{Intake, TakenStudy};

/// In one pass: lists of a study's instances that are read, and chunks of them that are looked at.
pub(super) const STEPS: u32 = 10;
/// Studies with a look back owed that are taken from the store at once.
const OWED: u32 = 1000;
/// Of the studies that are known, how many are looked at for being forgotten, and how often.
const REVIEWED: u32 = 100;
const REVIEW_SECONDS: f64 = 600.0;
/// How long a study is remembered at least.
const KEPT_SECONDS: f64 = 90.0 * 86_400.0;

/// Which rules take the studies of some instances.
#[derive(Default)]
pub(super) struct Taken(HashMap<String, Vec<String>>);

impl Taken {
    fn from(studies: Vec<TakenStudy>) -> Taken {
        let mut taken = Taken::default();
        for one in studies {
            taken.add(&one.study, &one.rule);
        }
        taken
    }

    /// Keys of the rules.
    pub fn of(&self, study: &str) -> &[String] {
        self.0.get(study).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, study: &str, rule: &str) {
        let rules = self.0.entry(study.to_owned()).or_default();
        rules.push(rule.to_owned());
    }

    /// What the rules say of an instance opens its study to them.
    pub fn open(
        &mut self,
        settings: &Settings,
        fact: &Fact,
        resolution: &Resolution,
    ) -> Vec<TakenStudy> {
        let study = &fact.arrival.ids.study;
        let sends = |rule: &&Rule| fact.repeated.is_none() || rule.again == Again::Always;
        let rules = settings.rules.iter();
        let opens = rules
            .filter(|rule| resolution.opens.contains(&rule.key))
            .filter(sends);
        opens
            .map(|rule| {
                self.add(study, &rule.key);
                TakenStudy {
                    study: study.clone(),
                    rule: rule.key.clone(),
                }
            })
            .collect()
    }
}

/// The look backs that are owed, as far as they are taken from the store.
pub(super) struct LookBacks {
    left: VecDeque<LookBack>,
    /// There may be others in the store.
    may_be_more: bool,
    /// See [`Enlisted::routed`]. What it does not know is looked at, and is there already.
    routed: HashMap<String, HashSet<String>>,
    patience: Patience,
}

/// A look back at a study.
struct LookBack {
    study: String,
    taken: Vec<TakenStudy>,
    /// The instances still to be looked at; `None`: the list is still to be read.
    instances: Option<Vec<String>>,
}

impl Default for LookBacks {
    fn default() -> LookBacks {
        LookBacks {
            left: VecDeque::new(),
            may_be_more: true,
            routed: HashMap::new(),
            patience: Patience::default(),
        }
    }
}

impl LookBacks {
    pub fn is_under_way(&self) -> bool {
        !self.left.is_empty()
    }

    /// What is owed is asked from the store anew: after a fault of it, and when the rules are others now. What is owed
    /// to a rule that is gone stays owed, for when it comes back.
    pub fn begin_anew(&mut self) {
        *self = LookBacks {
            patience: std::mem::take(&mut self.patience),
            ..LookBacks::default()
        };
    }

    /// These studies were opened, and these of their instances routed since.
    pub fn opened(&mut self, routed: HashMap<String, HashSet<String>>) {
        self.may_be_more |= !routed.is_empty();
        self.routed.extend(routed);
    }

    fn take(&mut self, owed: Vec<TakenStudy>) {
        self.may_be_more = owed.len() >= OWED as usize;
        let known = self.left.iter().flat_map(|study| study.taken.clone());
        let known: HashSet<TakenStudy> = known.collect();
        for one in owed.into_iter().filter(|one| !known.contains(one)) {
            // Not one that is under way: what it has passed would be left out for this rule.
            let last = self.left.back_mut();
            match last.filter(|last| last.study == one.study && last.instances.is_none()) {
                Some(last) => last.taken.push(one),
                None => self.left.push_back(LookBack {
                    study: one.study.clone(),
                    taken: vec![one],
                    instances: None,
                }),
            }
        }
    }
}

/// How far the look at what may be forgotten is.
#[derive(Default)]
pub(super) struct Review {
    due: Option<Timestamp>,
    last: TakenStudy,
}

/// Keys of the rules that take whole studies.
fn scoped(settings: &Settings) -> HashSet<&str> {
    let rules = settings.rules.iter();
    let scoped = rules.filter(|rule| rule.scope == Scope::Study);
    scoped.map(|rule| rule.key.as_str()).collect()
}

impl Reconciler {
    /// Which rules take the studies of these instances. Without a rule that takes whole studies nothing is asked.
    pub(super) fn taken(&self, facts: &[Fact]) -> Result<Taken, PassError> {
        if scoped(&self.settings).is_empty() {
            return Ok(Taken::default());
        }
        let studies: HashSet<&str> = facts
            .iter()
            .map(|fact| fact.arrival.ids.study.as_str())
            .collect();
        let studies: Vec<&str> = studies.into_iter().collect();
        Ok(Taken::from(self.parts.store.taken(&studies)?))
    }

    /// Does a part of the look backs that are owed.
    pub(super) fn look_back_on(&mut self) -> Result<(), PassError> {
        self.look_at_settings();
        let rules = scoped(&self.settings);
        if rules.is_empty() {
            self.look_backs.begin_anew();
            return Ok(());
        }
        if self.look_backs.may_be_more {
            let rules: Vec<&str> = rules.into_iter().collect();
            let owed = self.parts.store.owed(&rules, OWED)?;
            self.look_backs.take(owed);
        }
        let mut steps = STEPS;
        let mut failed = None;
        for _ in 0..self.look_backs.left.len() {
            let Some(mut study) = self.look_backs.left.pop_front() else {
                break;
            };
            match self.look_back(&mut study, &mut steps) {
                Ok(true) => {}
                Ok(false) => {
                    self.look_backs.left.push_front(study);
                    break;
                }
                Err(PassError::Call(error)) if !matches!(error, CallError::HostGone) => {
                    self.look_backs.left.push_back(study);
                    failed = Some(error);
                }
                Err(error) => {
                    self.look_backs.left.push_front(study);
                    return Err(error);
                }
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Whether it is over with this study.
    fn look_back(&mut self, study: &mut LookBack, steps: &mut u32) -> Result<bool, PassError> {
        let rules: Vec<String> = study.taken.iter().map(|one| one.rule.clone()).collect();
        while !rules.is_empty() {
            if study.instances.as_ref().is_some_and(Vec::is_empty) {
                failpoint::pass("looked-back");
                self.parts.store.looked_back(&study.taken)?;
                break;
            }
            if *steps == 0 || self.parts.notices.bell().is_stopped() {
                return Ok(false);
            }
            *steps -= 1;
            let Some(instances) = &mut study.instances else {
                study.instances = Some(self.list(&study.study)?);
                continue;
            };
            let rest = instances.len().saturating_sub(CHUNK);
            match self.look_back_at(&study.study, &rules, &instances[rest..]) {
                Ok(()) => self.look_backs.patience.answered(&study.study),
                Err(PassError::Call(error)) if !matches!(error, CallError::HostGone) => {
                    self.bear(&study.study, error)?;
                }
                Err(error) => return Err(error),
            }
            instances.truncate(rest);
        }
        Ok(true)
    }

    /// The instances of a study that are not known to be routed since it was opened.
    fn list(&mut self, study: &str) -> Result<Vec<String>, PassError> {
        let mut instances = self.facts.instances_of(study)?;
        if let Some(routed) = self.look_backs.routed.remove(study) {
            instances.retain(|id| !routed.contains(id));
        }
        Ok(instances)
    }

    /// Queues what these rules make of instances that arrived before.
    fn look_back_at(
        &mut self,
        study: &str,
        rules: &[String],
        instances: &[String],
    ) -> Result<(), PassError> {
        let ids: Vec<&str> = instances.iter().map(String::as_str).collect();
        let mut facts = self.describe(&ids)?.facts;
        self.digest(&mut facts)?;
        let mut taken = self.taken(&facts)?;
        // What is deleted meanwhile did not just arrive.
        let mut gone = 0;
        let enlisted = self.enlist_by(Some(rules), &mut taken, &facts, &mut gone)?;
        if !enlisted.items.is_empty() {
            log::debug!(
                "study {study}: of {} instances that arrived earlier {} items are queued, as far as they are not there",
                facts.len(),
                enlisted.items.len()
            );
            self.write(Intake::earlier(&enlisted.items), None)?;
        }
        self.tell(&enlisted);
        Ok(())
    }

    /// A chunk cannot be looked at: an error until it is given up.
    fn bear(&mut self, study: &str, error: CallError) -> Result<(), PassError> {
        // A round in which Orthanc describes nothing at all does not count.
        self.facts.resources(&[study])?;
        let (over, just_now) = self.look_backs.patience.failed(study);
        if just_now {
            self.parts.progress.given_up(1);
            log::error!(
                "study {study}: some of its earlier instances are not queued: Orthanc cannot describe them: {error}"
            );
        }
        if over { Ok(()) } else { Err(error.into()) }
    }

    /// Forgets studies that are gone, a few at a time.
    pub(super) fn review_taken(&mut self) -> Result<(), PassError> {
        let now = self.parts.clock.now();
        let next = now.plus_seconds(REVIEW_SECONDS);
        if now < *self.review.due.get_or_insert(next) {
            return Ok(());
        }
        self.review.due = Some(next);
        let page = self.parts.store.taken_after(&self.review.last, REVIEWED)?;
        let is_last = page.len() < REVIEWED as usize;
        self.review.last = match page.last() {
            Some((last, _)) if !is_last => last.clone(),
            _ => TakenStudy::default(),
        };
        let kept = now.plus_seconds(-KEPT_SECONDS);
        let old = page.into_iter().filter(|(_, since)| *since < kept);
        let old: Vec<TakenStudy> = old.map(|(one, _)| one).collect();
        if old.is_empty() {
            return Ok(());
        }
        let mut studies: Vec<&str> = old.iter().map(|one| one.study.as_str()).collect();
        studies.dedup();
        let found = match self.facts.resources(&studies) {
            Ok(found) => found,
            Err(CallError::HostGone) => return Err(CallError::HostGone.into()),
            // Looked at again when all others were.
            Err(_) => return Ok(()),
        };
        let scoped = scoped(&self.settings);
        let is_kept =
            |one: &TakenStudy| scoped.contains(one.rule.as_str()) && found.contains_key(&one.study);
        let gone: Vec<TakenStudy> = old.into_iter().filter(|one| !is_kept(one)).collect();
        if !gone.is_empty() {
            log::debug!(
                "{} studies are no longer taken whole: they, or the rule, are gone",
                gone.len()
            );
            self.parts.store.forget(&gone)?;
        }
        Ok(())
    }
}
