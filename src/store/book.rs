//! Book: what is in the queue, for all who ask and change nothing.

use std::path::PathBuf;

use super::{Confirming, Filter, Page, Result};
use crate::item::{Attempt, Class, Item, Level, State, StatusFilter, Timestamp};

/// Items by state; the index is the order of `State::ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; 7]);

impl Counts {
    pub fn get(&self, state: State) -> u64 {
        self.0[state as usize]
    }

    pub fn add(&mut self, state: State, count: u64) {
        self.0[state as usize] += count;
    }

    /// Still to be sent: `Scheduled`, `Pending`, `Running`, `Retry`.
    pub fn open(&self) -> u64 {
        [
            State::Scheduled,
            State::Pending,
            State::Running,
            State::Retry,
        ]
        .into_iter()
        .map(|state| self.get(state))
        .sum()
    }

    /// The state, of those that any are in, that needs a person most; `Success` where there are none.
    pub fn worst(&self) -> State {
        let worst_first = [
            State::Failure,
            State::Retry,
            State::Scheduled,
            State::Pending,
            State::Running,
            State::Cancelled,
        ];
        let mut worst_first = worst_first.into_iter();
        worst_first
            .find(|state| self.get(*state) > 0)
            .unwrap_or(State::Success)
    }

    /// Whether anything is still to be sent, or waits for a person.
    pub fn is_left(&self) -> bool {
        self.open() + self.get(State::Failure) > 0
    }
}

/// What the database knows of a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRecord {
    pub name: String,
    /// Since when a person holds it; `None`: nobody does.
    pub paused_since: Option<Timestamp>,
    pub counts: Counts,
    /// Bytes of the items still to be sent (`Counts::open`).
    pub bytes_pending: u64,
    /// Creation of the oldest item still to be sent.
    pub oldest_pending: Option<Timestamp>,
    /// To the second: of more in one second the first.
    pub last_success: Option<Timestamp>,
    pub last_error: Option<LastError>,
    /// The outage that lasts, as it was last written.
    pub outage: Option<Outage>,
    /// Outages so far.
    pub outages: u64,
    pub confirming: Confirming,
}

/// A time during which a destination cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub since: Timestamp,
    /// Probes that failed.
    pub failures: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    pub time: Timestamp,
    pub class: Class,
    pub dimse_status: Option<u16>,
    pub details: String,
}

/// A kind of failure in the error queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSummary {
    pub destination: String,
    pub class: Class,
    pub dimse_status: Option<u16>,
    pub count: u64,
    pub oldest: Timestamp,
    pub newest: Timestamp,
    /// `Details` of the newest one.
    pub example: String,
    /// How many different `Details` the newest [`REASONS_OF`] have; 0: it was not asked.
    pub reasons: u64,
}

/// Which kinds of failure a summary is of. All that is `Some` must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailureKinds {
    pub destination: Option<String>,
    pub class: Option<Class>,
    pub status: Option<StatusFilter>,
}

/// Of so many items of a kind the summary reads the reasons: they are most of its cost.
pub const REASONS_OF: u32 = 20;

/// What is held for a destination ([`super::Ending::Hold`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldItems {
    pub destination: String,
    pub count: u64,
    /// Creation of the oldest.
    pub oldest: Timestamp,
    /// `Details` of one of them.
    pub example: String,
}

/// How many items ever entered the error queue of a destination, with this class and status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureTotal {
    pub destination: String,
    pub class: Class,
    pub dimse_status: Option<u16>,
    pub total: u64,
}

/// What an attempt brought to rest in a minute at a destination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MinuteAtRest {
    pub destination: String,
    /// Minutes since 1970.
    pub minute: i64,
    pub sent: u64,
    /// Bytes of the files that were sent.
    pub bytes: u64,
    pub failed: u64,
}

/// The items of one resource for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceProgress {
    pub destination: String,
    /// Items.
    pub counts: Counts,
    /// Different instances of these items: one that was redirected here, or asked for again, has several.
    pub instances: u64,
    /// Instances with an item that was delivered.
    pub delivered: u64,
    pub first_created: Timestamp,
    pub last_created: Timestamp,
    pub first_completed: Option<Timestamp>,
    pub last_completed: Option<Timestamp>,
}

impl ResourceProgress {
    /// Adds other instances at the same destination.
    pub fn add(&mut self, other: &ResourceProgress) {
        for state in State::ALL {
            self.counts.add(state, other.counts.get(state));
        }
        self.instances += other.instances;
        self.delivered += other.delivered;
        self.first_created = self.first_created.min(other.first_created);
        self.last_created = self.last_created.max(other.last_created);
        // None is less than any time.
        self.last_completed = self.last_completed.max(other.last_completed);
        self.first_completed = [self.first_completed, other.first_completed]
            .into_iter()
            .flatten()
            .min();
    }
}

/// The items of one study, as a list of studies has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyProgress {
    pub study: String,
    /// The newest of its items that fit.
    pub newest: i64,
    /// Of all its items, those that do not fit too; at the filter's destination alone, if it names one.
    pub destinations: Vec<ResourceProgress>,
}

/// For whoever only looks.
pub trait Book: Send + Sync {
    fn counts(&self) -> Result<Counts>;
    fn destinations(&self) -> Result<Vec<DestinationRecord>>;
    fn destination(&self, name: &str) -> Result<Option<DestinationRecord>>;
    fn item(&self, id: i64) -> Result<Option<(Item, Vec<Attempt>)>>;
    fn items(&self, filter: &Filter, page: Page) -> Result<Vec<Item>>;
    /// One for each destination for which something is held.
    fn held(&self) -> Result<Vec<HeldItems>>;
    fn error_summary(&self, of: &FailureKinds) -> Result<Vec<ErrorSummary>>;
    /// Of all kinds, without `reasons`, which are nearly all of its cost: for whoever asks every few seconds.
    fn failing(&self) -> Result<Vec<ErrorSummary>>;
    /// One for each destination, class and status that ever failed; survives restarts, never falls.
    fn failure_totals(&self) -> Result<Vec<FailureTotal>>;
    /// When the next of the items that wait goes to the error queue unsent.
    fn next_expiry(&self) -> Result<Option<Timestamp>>;
    /// What came to rest from the first time on and before the second, as far as it is still known: what was replayed
    /// or pruned since is not. Costs what came to rest.
    fn at_rest(&self, from: Timestamp, until: Timestamp) -> Result<Vec<MinuteAtRest>>;
    /// Studies with an item that fits, by the newest such item, the newest first; `since` is that item of the last
    /// study of the page before, or 0. Costs the same on each page. One whose work is much may end before `limit`, with
    /// a study at least: only an empty one is the end. On all pages a study is there once, as long as nothing changes;
    /// never twice on one page. What gets a newer item meanwhile is on the first page when that is asked for again.
    fn studies(&self, filter: &Filter, since: i64, limit: u32) -> Result<Vec<StudyProgress>>;
    /// `study`: for levels below it the study narrows the search down; `None` where Orthanc no longer knows it.
    fn progress(
        &self,
        level: Level,
        id: &str,
        study: Option<&str>,
    ) -> Result<Vec<ResourceProgress>>;
    /// For people: where the items are.
    fn location(&self) -> PathBuf;
    /// Size of the database's files, in bytes.
    fn size_bytes(&self) -> Result<u64>;
}
