//! From Orthanc's `/changes` to items: the one way by which arrivals enter the queue.
//!
//! The argument for G1 (nothing is lost), case by case. The truth is Orthanc's log of changes: `NewInstance` is
//! written in the transaction that stores the instance. We read it upwards from a cursor that is
//! kept in the queue's own database and moves in the transaction that writes the items. The
//! callback only wakes this thread and hands over an identifier.
//!
//! - **kill -9 between Orthanc's commit and ours**: the cursor has not moved; the change is read after the start.
//! - **The queue's disk full, its file locked**: the transaction fails whole, the cursor stays, the pass is tried
//!   again; receiving never waits for us, `health` says so.
//! - **`DELETE /changes`**: while we run, the identifiers that the callback handed over and that no change named
//!   are looked up one by one ([`Reconciler::leftovers`]). If changes vanished while we were behind or not
//!   there, which shows by the log's first number being above our cursor, the studies updated since
//!   the cursor's date are searched ([`Reconciler::sweep`]).
//! - **Overwritten instance**: a new number, so a new item, unless one still waits and will send the new content.
//! - **Deleted before it was read**: its line vanished, or Orthanc no longer describes it: there is nothing to send; counted.
//! - **Items already pruned when their change is read again**: it is not read again: the cursor is past it.
//! - **Plugin absent for a day**: the cursor is where it was; all that came is read at the start.
//! - **The very first start**: the cursor starts at the newest line, but not after what came since the database was
//!   made, so the archive is not forwarded and nothing that came meanwhile is left out.
//! - **A power cut, or an older copy of Orthanc's index**: Orthanc may give out numbers anew that we have seen. Lines up
//!   to the cursor that are dated after it are new ([`Reconciler::rewound`]); the cursor goes back to the log's end.
//! - **Numbers cut to 32 bits**: see [`super::changes`].
//! - **Out-of-order commits (Orthanc on PostgreSQL)**: a line that appears below the cursor is not read, but its
//!   instance was handed over by the callback and is looked up as above.
//! - **No callback for a duplicate (1.13.0), or one without a change (1.10.1, 1.12.7)**: a duplicate that Orthanc did
//!   not store is not sent again; the instance's reception date tells it from a new one.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use orthanc_sdk::{CallError, Client};
use serde_json::Value;

use super::changes::{self, Change, ReadError};
use super::enlist;
use super::facts::{Fact, Facts};
use super::notices::{Notice, Notices, Wake};
use super::progress::Progress;
use super::recent::Recent;
use crate::config::settings::Settings;
use crate::dispatch::Lanes;
use crate::dispatch::promoter::Promoter;
use crate::item::{Clock, Timestamp};
use crate::routing::resolve;
use crate::store::{Cursor, Duplicates, Filter, NewItem, Page, Store, StoreError};
use crate::transport::modalities::Modalities;

/// Lines of the log read at once.
const PAGE: u32 = 500;
/// How far back the log is searched for numbers that were given out anew.
const REWIND: i64 = 1000;
/// Pause between two passes under load, so that arrivals are taken together.
const LINGER: Duration = Duration::from_millis(25);
/// Without any wake, how often to look.
const POLL: Duration = Duration::from_secs(10);
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// An instance that was handed over is new if Orthanc received it at most this long before.
const DUPLICATE_AGE_SECONDS: f64 = 60.0;
/// Rounds after which an instance that Orthanc cannot describe is given up.
const GIVE_UP: u32 = 5;

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

/// What the reconciler works with.
pub struct Parts {
    pub client: Client,
    pub store: Arc<dyn Store>,
    pub settings: Arc<Settings>,
    pub modalities: Arc<Modalities>,
    pub lanes: Arc<Lanes>,
    pub promoter: Arc<Promoter>,
    pub clock: Arc<dyn Clock>,
    pub notices: Arc<Notices>,
    pub progress: Arc<Progress>,
    /// When this process loaded the plugin.
    pub started: Timestamp,
}

pub struct Reconciler {
    parts: Parts,
    facts: Facts,
    cursor: Option<Cursor>,
    recent: Recent,
    waiting: Vec<Notice>,
    sweep_from: Option<String>,
    failing: (Option<String>, u32),
}

impl Reconciler {
    pub fn new(parts: Parts) -> Reconciler {
        Reconciler {
            facts: Facts::new(parts.client),
            parts,
            cursor: None,
            recent: Recent::default(),
            waiting: Vec::new(),
            sweep_from: None,
            failing: (None, 0),
        }
    }

    /// Works until the notices are stopped.
    pub fn run(&mut self) {
        let mut pause = Duration::ZERO;
        loop {
            if self.parts.notices.wait(pause) == Wake::Stopped {
                return;
            }
            let pass = orthanc_sdk::guard::catch("reconciliation", || self.pass());
            let now = self.parts.clock.now();
            pause = match pass {
                Ok(Ok(())) => {
                    self.parts.progress.passed(now);
                    self.parts.notices.linger(LINGER);
                    POLL
                }
                // Orthanc is stopping.
                Ok(Err(
                    PassError::Call(CallError::HostGone)
                    | PassError::Read(ReadError::Call(CallError::HostGone)),
                )) => return,
                Ok(Err(error)) => {
                    self.parts.progress.failed(now, error.to_string());
                    self.parts.notices.linger(FAULT_PAUSE);
                    Duration::ZERO
                }
                Err(panic) => {
                    self.parts.progress.failed(now, panic);
                    self.parts.notices.linger(FAULT_PAUSE);
                    Duration::ZERO
                }
            };
        }
    }

    /// Reads all that is new.
    pub fn pass(&mut self) -> Result<(), PassError> {
        // Taken before the log is read: the change of each of these is in the log by now, or never.
        let (notices, overflowed) = self.parts.notices.take();
        self.waiting.extend(notices);
        let mut cursor = match self.cursor.clone() {
            Some(cursor) => cursor,
            None => self.begin()?,
        };
        if overflowed {
            self.sweep_from.get_or_insert_with(|| cursor.date.clone());
        }
        let mut first = true;
        loop {
            let page = changes::after(&self.parts.client, cursor.seq, PAGE)?;
            if let Some(line) = page.changes.first() {
                if std::mem::take(&mut first) && self.log_was_cut(&cursor, line)? {
                    self.sweep_from.get_or_insert_with(|| cursor.date.clone());
                }
            }
            cursor = self.take(&page.changes, cursor)?;
            if page.done || page.changes.is_empty() {
                break;
            }
            if self.parts.notices.is_stopped() {
                return Ok(());
            }
        }
        self.leftovers()?;
        if let Some(since) = self.sweep_from.clone() {
            self.sweep(&since)?;
            self.sweep_from = None;
        }
        Ok(())
    }

    /// Where to go on at the start.
    fn begin(&mut self) -> Result<Cursor, PassError> {
        let known = self.parts.store.cursor()?;
        let newest = changes::newest(&self.parts.client)?;
        let cursor = match known {
            Some(cursor) => self.rewound(cursor, newest)?,
            None => self.first_start(newest)?,
        };
        self.cursor = Some(cursor.clone());
        Ok(cursor)
    }

    /// Goes back from the log's end over what came since the database was made.
    fn first_start(&mut self, newest: Option<Change>) -> Result<Cursor, PassError> {
        let created = self.parts.store.created()?;
        // Dates have whole seconds. What came in the second in which the database was made was there
        // before us, or is handed over by the callback; unless that was in an earlier process, which
        // then took what it had been handed over with it.
        let earlier = created.plus_seconds(2.0) < self.parts.started;
        let made = second_of(created);
        let is_ours = |line: &Change| line.date > made || (earlier && line.date == made);
        let mut seq = newest.map_or(0, |line| line.seq);
        while seq > 0 {
            let from = (seq - i64::from(PAGE)).max(0);
            let page = changes::after(&self.parts.client, from, PAGE)?.changes;
            let Some(at) = page
                .iter()
                .position(|line| line.seq <= seq && is_ours(line))
            else {
                break;
            };
            seq = page.get(at).map_or(from, |line| line.seq - 1);
            if at > 0 {
                break;
            }
            // All of this page is ours: look at the one before it.
            seq = seq.min(from);
        }
        let cursor = Cursor { seq, date: made };
        log::warn!(
            "first start: what Orthanc received before {} is not forwarded",
            created.to_orthanc()
        );
        self.write(&[], Some(&cursor))?;
        Ok(cursor)
    }

    /// Finds lines whose numbers were given out a second time, and goes back to the log's end if our
    /// cursor is beyond it.
    fn rewound(&mut self, cursor: Cursor, newest: Option<Change>) -> Result<Cursor, PassError> {
        let end = newest.as_ref().map_or(0, |line| line.seq);
        let top = cursor.seq.min(end);
        let mut anew = Vec::new();
        let mut from = (top - REWIND).max(0);
        while from < top && !cursor.date.is_empty() {
            let page = changes::after(&self.parts.client, from, PAGE)?;
            let Some(last) = page.changes.last() else {
                break;
            };
            from = last.seq;
            anew.extend(
                page.changes
                    .into_iter()
                    .filter(|line| line.seq <= top && line.date > cursor.date),
            );
            if page.done {
                break;
            }
        }
        if newest.is_none() {
            // All of the log is gone, and with it perhaps lines that we had not read.
            self.sweep_from = Some(cursor.date.clone());
        }
        if anew.is_empty() && end >= cursor.seq {
            return Ok(cursor);
        }
        if !anew.is_empty() {
            log::warn!(
                "Orthanc gave out change numbers anew (a power cut, or an older index): {} changes up to {top} are read again",
                anew.len()
            );
        }
        let cursor = Cursor {
            seq: top,
            date: cursor.date,
        };
        self.take(&anew, cursor)
    }

    /// Whether lines between the cursor and the first one after it may have been deleted.
    fn log_was_cut(&self, cursor: &Cursor, first: &Change) -> Result<bool, PassError> {
        if first.seq == cursor.seq + 1 || cursor.seq == 0 {
            return Ok(false);
        }
        // Gaps are normal (lines go with their resources). That nothing up to the cursor is left is not.
        let oldest = changes::after(&self.parts.client, 0, 1)?.changes;
        Ok(oldest.first().is_some_and(|line| line.seq > cursor.seq))
    }

    /// Makes the items of these lines and moves the cursor past them, in one transaction.
    fn take(&mut self, lines: &[Change], cursor: Cursor) -> Result<Cursor, PassError> {
        let mut seen = HashSet::new();
        let arrived: Vec<&str> = lines
            .iter()
            .filter(|line| line.new_instance)
            .map(|line| line.resource.as_str())
            .filter(|id| seen.insert(*id))
            .collect();
        let next = Cursor {
            seq: lines
                .last()
                .map_or(cursor.seq, |line| line.seq.max(cursor.seq)),
            date: lines
                .iter()
                .map(|line| &line.date)
                .max()
                .map_or(cursor.date.clone(), |date| {
                    date.clone().max(cursor.date.clone())
                }),
        };
        let stored = self.parts.store.cursor()?;
        if arrived.is_empty() && stored.as_ref() == Some(&next) {
            self.cursor = Some(next.clone());
            return Ok(next);
        }
        let facts = self.describe(&arrived)?;
        let gone = arrived.len() - facts.len();
        if gone > 0 {
            self.parts.progress.gone(gone);
            log::info!("{gone} instances were deleted before they could be queued");
        }
        let items = self.enlist(&facts)?;
        self.write(&items, Some(&next))?;
        self.recent
            .extend(arrived.iter().map(|id| (*id).to_owned()));
        self.cursor = Some(next.clone());
        Ok(next)
    }

    /// Facts of these instances; one that Orthanc cannot describe holds up the others for some rounds only.
    fn describe(&mut self, ids: &[&str]) -> Result<Vec<Fact>, PassError> {
        let error = match self.facts.of(ids) {
            Ok(facts) => return Ok(facts),
            Err(CallError::HostGone) => return Err(CallError::HostGone.into()),
            Err(error) => error,
        };
        let mut facts = Vec::new();
        let mut bad = Vec::new();
        for id in ids {
            match self.facts.of(&[id]) {
                Ok(found) => facts.extend(found),
                Err(_) => bad.push((*id).to_owned()),
            }
        }
        if facts.is_empty() {
            return Err(error.into());
        }
        let Some(first) = bad.first() else {
            return Ok(facts);
        };
        self.failing = if self.failing.0.as_ref() == Some(first) {
            (self.failing.0.take(), self.failing.1 + 1)
        } else {
            (Some(first.clone()), 1)
        };
        if self.failing.1 < GIVE_UP {
            return Err(error.into());
        }
        for id in &bad {
            log::error!("instance {id} is not queued: Orthanc cannot describe it: {error}");
        }
        self.parts.progress.given_up(bad.len());
        Ok(facts)
    }

    fn enlist(&self, facts: &[Fact]) -> Result<Vec<NewItem>, PassError> {
        if facts.is_empty() || self.parts.settings.rules.is_empty() {
            return Ok(Vec::new());
        }
        let modalities = self.parts.modalities.all().map_err(PassError::Modalities)?;
        let aet_of = |name: &str| modalities.get(name).map(|modality| modality.aet.clone());
        let now = self.parts.clock.now();
        let mut items = Vec::new();
        for fact in facts {
            let arrival = &fact.arrival;
            let mut tags = || self.facts.tags(&arrival.instance);
            let resolution = resolve(&self.parts.settings, arrival, &aet_of, &mut tags);
            for name in &resolution.loops {
                log::debug!(
                    "instance {} came from {name} and is not sent back",
                    arrival.instance
                );
            }
            items.extend(enlist::items(
                &self.parts.settings,
                arrival,
                &resolution,
                now,
            ));
        }
        Ok(items)
    }

    fn write(&self, items: &[NewItem], cursor: Option<&Cursor>) -> Result<(), PassError> {
        let now = self.parts.clock.now();
        self.parts
            .store
            .enqueue(items, Duplicates::Arrival, cursor, now)?;
        if let Some(cursor) = cursor {
            self.parts.progress.moved(cursor.seq);
        }
        let names: HashSet<&str> = items.iter().map(|item| item.destination.as_str()).collect();
        for name in names {
            self.parts.lanes.poke(name);
        }
        if items.iter().any(|item| item.not_before.is_some()) {
            self.parts.promoter.poke();
        }
        Ok(())
    }

    /// What the callback handed over and no change named.
    fn leftovers(&mut self) -> Result<(), PassError> {
        let left: Vec<Notice> = self
            .waiting
            .iter()
            .filter(|notice| !self.recent.contains(&notice.instance))
            .cloned()
            .collect();
        for chunk in left.chunks(100) {
            let ids: Vec<&str> = chunk
                .iter()
                .map(|notice| notice.instance.as_str())
                .collect();
            let facts: Vec<Fact> = self
                .describe(&ids)?
                .into_iter()
                .filter(|fact| {
                    chunk.iter().any(|notice| {
                        notice.instance == fact.arrival.instance
                            && fact.received
                                >= second_of(notice.time.plus_seconds(-DUPLICATE_AGE_SECONDS))
                    })
                })
                .collect();
            self.take_unlogged(&facts)?;
        }
        self.waiting.clear();
        Ok(())
    }

    /// Instances without a line in the log: those that have no item since they were received get theirs.
    fn take_unlogged(&mut self, facts: &[Fact]) -> Result<(), PassError> {
        let mut new = Vec::new();
        for fact in facts {
            if !self.recent.contains(&fact.arrival.instance) && !self.has_item(fact)? {
                new.push(fact.clone());
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        log::warn!(
            "{} instances are queued that Orthanc's changes do not name (any more)",
            new.len()
        );
        let items = self.enlist(&new)?;
        self.write(&items, None)?;
        self.recent
            .extend(new.into_iter().map(|fact| fact.arrival.instance));
        Ok(())
    }

    fn has_item(&self, fact: &Fact) -> Result<bool, PassError> {
        let filter = Filter {
            instance: Some(fact.arrival.instance.clone()),
            study: Some(fact.arrival.study.clone()),
            ..Filter::default()
        };
        let page = Page {
            since: 0,
            limit: 1000,
        };
        let items = self.parts.store.items(&filter, page)?;
        Ok(items
            .iter()
            .any(|item| second_of(item.created) >= fact.received))
    }

    /// Searches all that Orthanc received since `since` for instances without an item.
    fn sweep(&mut self, since: &str) -> Result<(), PassError> {
        log::warn!("Orthanc's changes were deleted: searching the studies updated since {since}");
        let mut offset = 0;
        loop {
            let uri = format!("/studies?expand&since={offset}&limit={PAGE}");
            let answer = self.parts.client.get_json(&uri)?;
            let Some(studies) = answer.as_array().filter(|studies| !studies.is_empty()) else {
                return Ok(());
            };
            offset += studies.len();
            for study in studies {
                let text = |key: &str| study.get(key).and_then(Value::as_str);
                let Some(id) = text("ID") else { continue };
                if text("LastUpdate").is_some_and(|updated| updated >= since) {
                    self.sweep_study(id, since)?;
                }
            }
            if self.parts.notices.is_stopped() {
                return Ok(());
            }
        }
    }

    fn sweep_study(&mut self, study: &str, since: &str) -> Result<(), PassError> {
        let answer = match self
            .parts
            .client
            .get_json(&format!("/studies/{study}/instances"))
        {
            Ok(answer) => answer,
            Err(CallError::HostGone) => return Err(CallError::HostGone.into()),
            // Deleted meanwhile.
            Err(CallError::Code { .. } | CallError::Status { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let ids: Vec<&str> = answer
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|instance| instance.get("ID")?.as_str())
            .collect();
        for chunk in ids.chunks(100) {
            let mut facts = self.describe(chunk)?;
            facts.retain(|fact| fact.received.as_str() >= since);
            self.take_unlogged(&facts)?;
        }
        Ok(())
    }
}

/// The second, in Orthanc's form, in which `time` is.
fn second_of(time: Timestamp) -> String {
    let mut text = time.to_orthanc();
    text.truncate("20261120T235959".len());
    text
}
