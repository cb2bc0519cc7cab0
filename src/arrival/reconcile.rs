//! From Orthanc's `/changes` to items: the one way by which arrivals enter the queue.
//!
//! The argument for G1 (nothing is lost), case by case. The truth is Orthanc's log of changes: `NewInstance` is
//! written in the transaction that stores the instance. We read it upwards from a cursor that is
//! kept in the queue's own database and moves in the transaction that writes the items. The
//! callback only wakes this thread and hands over an identifier.
//!
//! - **kill -9 between Orthanc's commit and ours**: the cursor has not moved; the change is read after the start.
//! - **The queue's disk full, its file locked**: the transaction fails whole, the cursor stays, the pass is tried
//!   again; receiving never waits for us, `health` says so. After any fault of the store the cursor is read
//!   from it anew, so a commit that failed only to be told is not done twice.
//! - **`DELETE /changes`**: while we run, the identifiers that the callback handed over and that no change named
//!   are looked up one by one ([`super::unlogged`]). If lines that we had not read are gone, and nothing up to our
//!   cursor is left, the studies updated since the cursor's date are searched ([`super::sweep`]). Until that search
//!   is over the cursor in the database stays, so that a crash begins it again.
//! - **Overwritten instance**: a new number, so a new item, unless one still waits and will send the new content, or
//!   the rule wants none ([`super::again`]).
//! - **Deleted before it was read**: its line vanished, or Orthanc no longer describes it: there is nothing to send;
//!   counted.
//! - **Items already pruned when their change is read again**: it is not read again: the cursor is past it.
//! - **Plugin absent for a day**: the cursor is where it was; all that came is read at the start.
//! - **The very first start**: the cursor starts at the newest line, but not after what came since the database was
//!   made, so the archive is not forwarded and nothing that came meanwhile is left out ([`super::begin`]).
//! - **A power cut, or an older copy of Orthanc's index**: Orthanc may give out numbers anew that we have seen. Lines
//!   up to the cursor that are dated after it are new: the cursor goes back before them ([`super::begin`]).
//! - **Numbers cut to 32 bits**: see [`super::changes`].
//! - **Out-of-order commits (Orthanc on PostgreSQL)**: the log shows 1 and 3, and 2 afterwards. What is missing below
//!   the newest line that was read is remembered, in the store in the transaction that moves the cursor past it, and
//!   looked for ([`super::gaps`], [`super::late`]). A line found there makes its items and closes its gap in one
//!   transaction, so after a kill -9 each number is either a gap still, or queued. A gap that stays empty for
//!   `GapSeconds` (a deleted resource, a transaction that was rolled back) is forgotten, after a last look. The field
//!   `Last` may go back meanwhile; nothing follows from that. With other cases:
//!   - *`DELETE /changes`*: a line that appeared and was deleted at once is an unlogged instance if we run. If we were
//!     killed, gaps without any line up to the cursor are a reason to search at the start, back to what can be in a
//!     gap.
//!   - *A search under way*: neither cursor nor gaps are written until it is over. Lines are then checked against what
//!     has items, and the search ends only after a look at all gaps that was begun after it.
//!   - *Numbers given out anew*: the cursor goes back, and gaps above it are none; those below it are looked for all
//!     the same.
//!   - *The very first start*: what lies below the first cursor is no gap.
//!   - *A clock that was set back* makes a gap live for its time anew at most.
//!   - *A new index*: numbers begin anew, and the cursor with them.
//! - **What the queue itself had sent** and a receiver sends back: see [`super::own`].
//! - **No callback for a duplicate (1.13.0), or one without a change (1.10.1, 1.12.7)**: see [`super::again`].
//! - **An instance that Orthanc cannot describe**: see [`super::describe`].
//!
//! Where no line tells a reception from an earlier one of the same instance, its item's time is compared with Orthanc's
//! date of reception, which has whole seconds. So one loss remains: an instance that is overwritten in the very
//! second in which it was queued, and whose line is deleted and callback lost to a crash before we look.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use orthanc_sdk::{CallError, Client};

use super::addresses::Addresses;
use super::announce;
use super::ask;
use super::changes::{self, Change, PAGE, ReadError};
use super::describe::Patience;
use super::enlist::Enlisted;
use super::facts::{Fact, Facts};
use super::gaps::{self, Gaps};
use super::heard::heard;
use super::late::Rounds;
use super::notices::{MOST, Notices};
use super::own;
use super::progress::Progress;
use super::recent::Recent;
use super::sweep::Sweep;
use super::tags::{self, OrthancTags};
use super::whole::{LookBacks, Review, Taken};
use crate::clock;
use crate::config::Current;
use crate::config::settings::Settings;
use crate::destinations::modality::Modalities;
use crate::item::{Clock, Timestamp};
use crate::routing::{Marks, Study, resolve};
use crate::store::{Cursor, Notifier, Store, StoreError};

/// Why a pass ended early. All of these are tried again.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("Orthanc cannot be asked: {0}")]
    Read(#[from] ReadError),
    #[error("Orthanc cannot be asked: {0}")]
    Call(#[from] CallError),
    #[error("{0}")]
    Modalities(String),
}

impl PassError {
    /// Orthanc is stopping.
    pub(super) fn is_end(&self) -> bool {
        matches!(
            self,
            PassError::Call(CallError::HostGone)
                | PassError::Read(ReadError::Call(CallError::HostGone))
        )
    }
}

/// What the reconciler works with.
#[derive(Clone)]
pub struct Parts {
    pub client: Client,
    pub store: Arc<dyn Store>,
    pub settings: Arc<Current>,
    pub modalities: Arc<Modalities>,
    pub notifier: Arc<dyn Notifier>,
    pub clock: Arc<dyn Clock>,
    pub notices: Arc<Notices>,
    pub progress: Arc<Progress>,
    /// When this process loaded the plugin, before the store was opened.
    pub started: Timestamp,
}

pub struct Reconciler {
    pub(super) parts: Parts,
    pub(super) facts: Facts,
    /// Up to where lines were taken; ahead of the store's while a search is under way. `None`: see [`super::begin`].
    pub(super) cursor: Option<Cursor>,
    /// The numbers below it whose lines may still appear, and those of them that the store knows.
    pub(super) gaps: Gaps,
    pub(super) stored: Gaps,
    pub(super) rounds: Rounds,
    /// Ranges that were too many, and not told of yet.
    dropped_gaps: usize,
    pub(super) recent: Recent,
    /// Handed over by the callback and not yet seen in a line, with the time.
    pub(super) waiting: BTreeMap<String, Timestamp>,
    pub(super) sweep: Option<Sweep>,
    /// Up to where vanished lines were accounted for.
    pub(super) accounted: i64,
    /// The log was empty, and a search was asked for because of that: the highest number that Orthanc had given out by
    /// then, where it told one. `None`: it was not.
    pub(super) empty_at: Option<Option<i64>>,
    overflowed: bool,
    pub(super) patience: Patience,
    pub(super) look_backs: LookBacks,
    pub(super) review: Review,
    /// In force for what is read now.
    pub(super) settings: Arc<Settings>,
    /// What tags are asked with.
    tags_query: String,
    addresses: Addresses,
}

impl Reconciler {
    pub fn new(parts: Parts) -> Reconciler {
        let settings = parts.settings.get();
        parts.progress.rules_are(&settings.rules, parts.clock.now());
        Reconciler {
            facts: Facts::new(parts.client),
            tags_query: tags::query(&settings),
            settings,
            addresses: Addresses::default(),
            parts,
            cursor: None,
            gaps: Gaps::default(),
            stored: Gaps::default(),
            rounds: Rounds::default(),
            dropped_gaps: 0,
            recent: Recent::default(),
            waiting: BTreeMap::new(),
            sweep: None,
            accounted: 0,
            empty_at: None,
            overflowed: false,
            patience: Patience::default(),
            look_backs: LookBacks::default(),
            review: Review::default(),
        }
    }

    /// After a panic: what holds is read from the store, as after a crash. What only this process knows is kept, and a
    /// search that was under way is begun again.
    pub fn begin_anew(&mut self) {
        let old = std::mem::replace(self, Reconciler::new(self.parts.clone()));
        self.waiting = old.waiting;
        self.recent = old.recent;
        self.patience = old.patience;
        self.look_backs = old.look_backs;
        self.look_backs.begin_anew();
        self.overflowed = old.overflowed || old.sweep.is_some();
    }

    /// Whether the next pass has something to do already.
    pub(super) fn goes_on(&self) -> bool {
        self.sweep.is_some() || self.rounds.is_under_way() || self.look_backs.is_under_way()
    }

    /// Reads all that is new, and does a part of a search that is under way.
    pub fn pass(&mut self) -> Result<(), PassError> {
        let result = self.try_pass();
        if matches!(result, Err(PassError::Store(_))) {
            // What was written is certain only from the store itself.
            self.cursor = None;
            self.look_backs.begin_anew();
        }
        result
    }

    /// Takes the settings of now: for all that was read before, so that what arrived after they were changed is never
    /// routed by older ones.
    pub(super) fn look_at_settings(&mut self) {
        let now = self.parts.settings.get();
        if !Arc::ptr_eq(&now, &self.settings) {
            self.tags_query = tags::query(&now);
            self.parts
                .progress
                .rules_are(&now.rules, self.parts.clock.now());
            self.settings = now;
            self.look_backs.begin_anew();
        }
    }

    fn try_pass(&mut self) -> Result<(), PassError> {
        self.look_at_settings();
        // Taken before the log is read: the change of each of these is in the log by now, or never.
        let (notices, overflowed) = self.parts.notices.take();
        self.overflowed |= overflowed;
        for notice in notices {
            if self.waiting.len() < MOST || self.waiting.contains_key(&notice.instance) {
                self.waiting.insert(notice.instance, notice.time);
            } else {
                self.overflowed = true;
            }
        }
        if self.overflowed {
            self.ask_for_sweep()?;
            self.overflowed = false;
        }
        if let Some(cursor) = self.position()? {
            self.read_from(cursor)?;
        }
        if self.parts.notices.bell().is_stopped() {
            return Ok(());
        }
        let unnamed = if self.cursor.is_some() {
            self.look_for_late()?
        } else {
            self.waiting.keys().cloned().collect()
        };
        self.leftovers(unnamed)?;
        self.sweep_on()?;
        self.look_back_on()?;
        self.review_taken()
    }

    fn read_from(&mut self, mut cursor: Cursor) -> Result<(), PassError> {
        loop {
            let page = changes::after(&self.parts.client, cursor.seq, PAGE)?;
            self.look_for_cut(&cursor, &page)?;
            cursor = self.take(&page.changes, cursor)?;
            if page.done || page.changes.is_empty() || self.parts.notices.bell().is_stopped() {
                break;
            }
        }
        let dropped = std::mem::take(&mut self.dropped_gaps);
        if dropped > 0 {
            log::info!(
                "{dropped} ranges of missing change numbers, the oldest ones, are not waited for: there are more than {}",
                gaps::MOST
            );
        }
        Ok(())
    }

    /// Makes the items of these lines and moves the cursor past them, in one transaction. What is missing between them
    /// becomes gaps.
    fn take(&mut self, lines: &[Change], cursor: Cursor) -> Result<Cursor, PassError> {
        let Some(last) = lines.last() else {
            return Ok(cursor);
        };
        let next = Cursor {
            seq: last.seq,
            date: lines
                .iter()
                .map(|line| line.date.clone())
                .fold(cursor.date, Ord::max),
        };
        self.believe(lines);
        let mut gaps = self.gaps.clone();
        let dropped = gaps.open(cursor.seq, lines, self.parts.clock.now());
        self.queue(lines, &next, gaps)?;
        self.dropped_gaps += dropped;
        Ok(next)
    }

    /// Makes the items of lines that appeared in gaps, and closes those.
    pub(super) fn take_late(&mut self, lines: &[Change]) -> Result<(), PassError> {
        let (Some(cursor), false) = (self.cursor.clone(), lines.is_empty()) else {
            return Ok(());
        };
        let mut gaps = self.gaps.clone();
        for line in lines {
            gaps.close(line.seq);
        }
        log::debug!("{} changes appeared below the cursor", lines.len());
        self.queue(lines, &cursor, gaps)
    }

    /// Makes the items of these lines, with the cursor and the gaps that then hold, in one transaction.
    fn queue(&mut self, lines: &[Change], cursor: &Cursor, gaps: Gaps) -> Result<(), PassError> {
        self.look_at_settings();
        let mut seen = HashSet::new();
        let arrived: Vec<&str> = lines
            .iter()
            .filter(|line| line.new_instance)
            .map(|line| line.resource.as_str())
            .filter(|id| seen.insert(*id))
            .collect();
        let found = self.describe(&arrived)?;
        let mut gone = found.gone;
        let described: HashSet<String> = found
            .facts
            .iter()
            .map(|fact| fact.arrival.ids.instance.clone())
            .collect();
        let mut facts = Vec::with_capacity(found.facts.len());
        for fact in found.facts {
            let is_new = match self.recent.has(&fact) {
                Some(same) => !same,
                // A search may have queued it before a crash.
                None => self.sweep.is_none() || !self.has_item(&fact)?,
            };
            if is_new {
                facts.push(fact);
            }
        }
        self.digest(&mut facts)?;
        self.doubt(lines, &mut facts);
        let enlisted = self.enlist(&facts, &mut gone)?;
        self.enter(enlisted, Some((cursor, &gaps)))?;
        let waiting = &self.waiting;
        self.recent
            .extend(&facts, |instance| waiting.contains_key(instance));
        for id in &arrived {
            if !described.contains(*id) {
                self.recent.is_gone(id, self.waiting.contains_key(*id));
            }
            self.waiting.remove(*id);
        }
        self.count_gone(gone);
        self.cursor = Some(cursor.clone());
        self.gaps = gaps;
        Ok(())
    }

    /// What Orthanc has just received says that the machine's clock is right. (Lines of other kinds it writes by
    /// itself, also while it starts.)
    fn believe(&self, lines: &[Change]) {
        let received = lines.iter().rev().find(|line| line.new_instance);
        let date = received.and_then(|line| Timestamp::parse_orthanc(&line.date));
        if let Some(rest) = date.and_then(|date| self.parts.clock.dated(date)) {
            log::warn!(
                "Orthanc receives by the machine's clock: {} more count as time since the last stop",
                clock::readable(rest)
            );
        }
    }

    /// What the rules make of these instances; one that is deleted meanwhile has no items and is counted as `gone`.
    pub(super) fn enlist(
        &mut self,
        facts: &[Fact],
        gone: &mut usize,
    ) -> Result<Enlisted, PassError> {
        let mut taken = self.taken(facts)?;
        let mut enlisted = self.enlist_by(None, &mut taken, facts, gone)?;
        let strict = self.settings.host.strict_aet_comparison;
        enlisted.heard = heard(facts, strict, &*self.parts.clock);
        if let Some(events) = &self.settings.events {
            let clock = &self.parts.clock;
            enlisted.stored =
                announce::stored(events, facts, &self.facts, clock.now(), clock.ahead());
        }
        Ok(enlisted)
    }

    /// The same, of these rules only (by key); studies are taken as `taken` says, which learns of those that are
    /// opened.
    pub(super) fn enlist_by(
        &mut self,
        only: Option<&[String]>,
        taken: &mut Taken,
        facts: &[Fact],
        gone: &mut usize,
    ) -> Result<Enlisted, PassError> {
        let mut enlisted = Enlisted::default();
        let settings = &self.settings;
        if facts.is_empty() || settings.rules.is_empty() {
            return Ok(enlisted);
        }
        let senders =
            ask::senders(&self.parts.modalities, settings).map_err(PassError::Modalities)?;
        let now = self.parts.clock.now();
        let addresses = |host: &str| self.addresses.of(host, now);
        let mut marks = Marks::default();
        let arrivals = facts.iter().map(|fact| &fact.arrival);
        let own = own::own_outputs(&*self.parts.store, arrivals)?;
        for (fact, is_own) in facts.iter().zip(own) {
            if is_own {
                enlisted.own.push(own::sender(fact).to_owned());
                continue;
            }
            marks.0.clear();
            let arrival = &fact.arrival;
            let came_from = |name: &str| senders.sent(arrival, name, &addresses);
            let mut tags = OrthancTags {
                client: self.parts.client,
                instance: &arrival.ids.instance,
                query: &self.tags_query,
                failed: None,
            };
            let study = Study {
                taken_by: taken.of(&arrival.ids.study),
                only,
            };
            let resolution = resolve(settings, arrival, study, &came_from, &mut tags, &mut marks);
            if let Some(error) = tags.failed {
                if matches!(error, CallError::HostGone) {
                    return Err(error.into());
                }
                if self.facts.of(&[&arrival.ids.instance])?.is_empty() {
                    *gone += 1;
                    continue;
                }
            }
            let opened = taken.open(settings, fact, &resolution);
            enlisted.open(fact, opened);
            enlisted.add(settings, fact, &resolution, &marks, &*self.parts.clock);
        }
        Ok(enlisted)
    }
}

/// The second, in Orthanc's form, in which `time` is.
pub(super) fn second_of(time: Timestamp) -> String {
    let mut text = time.to_orthanc();
    text.truncate("20261120T235959".len());
    text
}
