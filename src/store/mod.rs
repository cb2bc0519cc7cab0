//! Where the items are: the trait that arrival, dispatch and the API work against.
//!
//! Invariants that every backend keeps (the conformance suite in `conformance` tries to break them):
//! - Each verb is one transaction: it happens whole or not at all, and survives a crash of the
//!   process once it has returned.
//! - The cursor moves in the transaction that writes the items read up to it: after a crash the
//!   two never disagree. So do the gaps below it.
//! - A finishing write is fenced by the claim's token: a worker whose claim was released or
//!   cancelled changes nothing.
//! - Items move only as `item::state::State::after` allows.
//! - The counts are those of the items, at every moment.
//! - State `Success` goes with the classes `Success` and `Warning`, and they with it; class `Success` with DIMSE status
//!   0000 or none. Lists rely on it.
//! - What is on the hot path (enqueue, claim, finish, promote, counts) costs the same at a backlog of
//!   ten million as at ten thousand.

use std::path::PathBuf;
use std::time::Duration;

pub use crate::item::Level;
use crate::item::{Again, Attempt, Class, Item, Outcome, Priority, Reading, State, Timestamp};

pub mod sqlite;

mod filter;
mod in_hand;

pub use self::filter::{CLOCK_SLACK_SECONDS, Filter, Order, Page, States, StatusFilter};
pub use self::in_hand::{BLAMED_ASIDE, BLAMED_MOST, Hand, HeldBack, Released, SEEN_ASIDE};

#[cfg(test)]
pub mod conformance;

/// What can go wrong in a store; each variant says what the reader can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds a lock: try again later.
    #[error("the queue's database is locked by another process: {0}")]
    Locked(String),
    /// No room: free disk space; nothing was written.
    #[error("the disk of the queue's database is full: {0}")]
    Full(String),
    /// The file cannot be used as it is: an administrator must act. Nothing was overwritten.
    #[error("{0}")]
    Unusable(String),
    /// What the database holds does not fit the words of this program.
    #[error("the queue's database is damaged: {0}")]
    Corrupt(String),
    #[error("the queue's database failed: {0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A fault of the store that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub since: Timestamp,
    /// What was met last.
    pub error: String,
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// Up to where Orthanc's `/changes` have been turned into items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Sequence number of the last change that was handled (64 bits: Orthanc shows only the lower 32).
    pub seq: i64,
    /// Orthanc's own date of that change (`20261120T235959`), empty if it is not known. It tells after
    /// a power cut whether a sequence number was given out twice.
    pub date: String,
}

/// Numbers of changes below the cursor, without a hole, of which no line was seen: their lines may still appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub first: i64,
    /// At least `first`.
    pub last: i64,
    pub first_seen: Timestamp,
}

/// How far the changes were read: the cursor, and what that makes of the gaps below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub cursor: Cursor,
    /// Gaps that are no more, by their first number; removed before `opened` are written.
    pub closed: Vec<i64>,
    pub opened: Vec<Gap>,
}

impl From<Cursor> for Reached {
    /// The gaps stay as they are.
    fn from(cursor: Cursor) -> Reached {
        Reached {
            cursor,
            closed: Vec::new(),
            opened: Vec::new(),
        }
    }
}

/// An item to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    pub instance: String,
    pub sop_instance_uid: String,
    pub series: String,
    pub study: String,
    pub patient: String,
    pub destination: String,
    pub rule: Option<String>,
    pub remote_aet: Option<String>,
    pub priority: Priority,
    /// What is kept together: the Orthanc ID of the instance, series, study or patient.
    pub group: String,
    /// `Some`: waits in `Scheduled` until then (quiet period); `None`: `Pending` at once.
    pub not_before: Option<Timestamp>,
    /// When it goes to the error queue unsent; `None`: never.
    pub expires: Option<Timestamp>,
    pub size_bytes: u64,
    /// `Some`: goes into the error queue at once, with this outcome.
    pub failed: Option<Outcome>,
    pub reception: Reception,
}

/// Which reception of its instance an item is of. Several items of one (instance, destination) pair differ in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reception {
    /// Identifier of the file that Orthanc stored; `None`: not known.
    pub file: Option<String>,
    /// Digest of what was stored; `None`: not known.
    pub digest: Option<String>,
    /// When Orthanc told that it received the instance again and left the file as it was.
    pub repeated: Option<Timestamp>,
    /// Since when other contents may have been stored before it and were not seen; `None`: none were. Not kept.
    pub unseen_since: Option<Timestamp>,
    /// What becomes of it if the pair has items already.
    pub again: Again,
}

impl Reception {
    /// Whether both are one and the same.
    pub fn is(&self, other: &Reception) -> bool {
        self.file.is_some() && self.file == other.file && self.repeated == other.repeated
    }

    /// Whether both are known to have brought the same content.
    pub fn is_same_content(&self, other: &Reception) -> bool {
        (self.file.is_some() && self.file == other.file)
            || (self.digest.is_some() && self.digest == other.digest)
    }
}

/// How `enqueue` treats an (instance, destination) pair that has an item already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// An arrival: one that still waits (`Scheduled`, `Pending`, `Retry`) will send the newest
    /// content anyway, and is of the newest reception from now on; one that is `Running` may have read the old content, so a new
    /// item is made. None is made for a reception that has one by a rule, whatever became of it. Otherwise [`Reception::again`] decides:
    /// `Never`: no rule has made an item of the pair; `IfChanged`: the newest item of the pair was not delivered and is not being
    /// delivered, or had another content, or may have delivered one that was not seen; if Orthanc stored nothing, there must be an
    /// item at all.
    Arrival,
    /// A person's request: one that waits or runs is enough.
    Request,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enqueued {
    pub enqueued: u64,
    pub already_queued: u64,
    /// Which of the items (places in what was given) were made though the pair had some that did not wait any more.
    pub again: Vec<usize>,
    /// Which were not made because of [`Reception::again`].
    pub held_back: Vec<usize>,
}

/// Items of one group, claimed by one worker.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The fence: unique over the life of the database.
    pub token: i64,
    /// What its items are kept together with; `None`: the item is a group of its own, or goes without it ([`Pick::Aside`]).
    pub group: Option<String>,
    /// A person wants it sent now.
    pub hurried: bool,
    /// At least one, in the order of `id`, all `Running`, all of the same group and priority.
    pub items: Vec<Item>,
}

/// With which item a claim begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// One that a person wants sent now, else the most urgent, then the oldest.
    MostUrgent,
    /// The oldest, whatever its priority: so that `Low` is never starved.
    Oldest,
    /// As `MostUrgent`, but none below this priority (reserved associations).
    AtLeast(Priority),
    /// Only one that a person wants sent now (the destination's window is closed).
    Hurried,
    /// Only one that goes behind all others and alone ([`HeldBack::Aside`]).
    Aside,
}

/// Of which groups a claim takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups<'a> {
    All,
    /// Of this one, and no items without a group.
    Only(&'a str),
    /// Of none of these, which other workers have in hand.
    Except(&'a [String]),
}

/// The result of one claimed item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    pub id: i64,
    pub verb: FinishVerb,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishVerb {
    /// To `Success`, with its attempt.
    Complete(AttemptMade),
    /// To `Retry`, due `at`, with its attempt.
    Retry { at: Timestamp, attempt: AttemptMade },
    /// To `Failure`. `attempt.counted` tells whether it raises `AttemptCount`.
    Fail(AttemptMade),
    /// Back to `Pending`, nothing recorded.
    Release,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptMade {
    pub started: Timestamp,
    pub duration_us: u64,
    pub outcome: Outcome,
    /// Whether it reached the destination (`Class::reached_destination`).
    pub counted: bool,
}

/// What an operator does to every item of the error queue that fits a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorOperation {
    Replay,
    Purge,
    Redirect { to: String },
}

/// What came of an operation on one item.
#[derive(Debug, Clone, PartialEq)]
// Made once for each request of a person: its size does not matter.
#[allow(clippy::large_enum_variant)]
pub enum Moved {
    Done(Item),
    /// The state does not allow it; the item is as it was.
    Refused(State),
    Unknown,
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
}

/// How many items ever entered the error queue of a destination, with this class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureTotal {
    pub destination: String,
    pub class: Class,
    pub total: u64,
}

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
}

/// What the database knows of a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRecord {
    pub name: String,
    pub paused: bool,
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
    pub counts: Counts,
    pub first_created: Timestamp,
    pub last_created: Timestamp,
    pub first_completed: Option<Timestamp>,
    pub last_completed: Option<Timestamp>,
}

/// The queue. All methods may be called from any thread.
pub trait Store: Send + Sync {
    /// For people: where the items are.
    fn location(&self) -> PathBuf;

    // --- arrival ---

    /// `None`: nothing has ever been reconciled (the very first start).
    fn cursor(&self) -> Result<Option<Cursor>>;
    /// The numbers below the cursor whose lines may still appear, in their order.
    fn gaps(&self) -> Result<Vec<Gap>>;
    /// When this database was made: before the first instance that is ours to forward.
    fn created(&self) -> Result<Timestamp>;
    /// The clock as it was last stored. `None`: never.
    fn reading(&self) -> Result<Option<Reading>>;
    /// Stores it, so that the next start goes on from there.
    fn set_reading(&self, reading: Reading) -> Result<()>;
    /// Makes the items, moves the cursor and changes the gaps below it, in one transaction.
    fn enqueue(
        &self,
        items: &[NewItem],
        duplicates: Duplicates,
        reached: Option<&Reached>,
        now: Timestamp,
    ) -> Result<Enqueued>;

    /// What `enqueue` would answer; nothing is changed.
    fn count_new(&self, items: &[NewItem], duplicates: Duplicates) -> Result<Enqueued>;

    // --- dispatch ---

    /// A start: every `Running` item was in flight when the process ended; it becomes `Pending`, no attempt counted. After a
    /// sudden end (no [`Store::stopped_well`]) those in hand may have caused it, and are remembered until they have a result:
    /// - In hand are, of each claim, what [`Store::set_hand`] said, else the first two items: the one that was being sent, and
    ///   the one that was being read ahead.
    /// - One is blamed if nothing had come to a result since the start, or if it was sent alone. A sudden end without it in
    ///   hand, one after any result, and a clean stop end the count; one that was set aside keeps it until its turn.
    /// - Blamed once, it is claimed by itself, and not while another such one is `Running`: so that what was only sent beside
    ///   it is blamed once. Blamed [`BLAMED_ASIDE`] times, or seen in hand [`SEEN_ASIDE`] times, it is claimed by
    ///   [`Pick::Aside`] only. Blamed [`BLAMED_MOST`] times, it goes to the error queue.
    fn release_running(&self, now: Timestamp) -> Result<Released>;
    /// The process ends as it should, and nothing of it is to blame. Does nothing before [`Store::release_running`].
    fn stopped_well(&self) -> Result<()>;
    /// What there is to claim beside what [`Pick::MostUrgent`] finds.
    fn held_back(&self, destination: &str) -> Result<HeldBack>;
    /// `Scheduled` and `Retry` items that are due become `Pending`, at most `limit`.
    /// Answers the names of the destinations that got work.
    fn promote(&self, now: Timestamp, limit: u32) -> Result<Vec<String>>;
    /// All `Scheduled` and `Retry` items of the destination become `Pending`, each once, due or not, in steps that never hold the writer for
    /// long. Answers how many.
    fn promote_all(&self, destination: &str) -> Result<u64>;
    /// When the next `Scheduled` or `Retry` item is due.
    fn next_due(&self) -> Result<Option<Timestamp>>;
    /// Waiting items whose time is over go to the error queue, at most `limit`; answers how many.
    fn expire(&self, now: Timestamp, limit: u32) -> Result<u64>;
    /// The `Pending` item of the destination that `pick` names among these groups, with up to `limit` - 1 others of
    /// its group and priority, oldest first; one that a person wants sent now goes alone. `None`: there is none.
    fn claim_of(
        &self,
        destination: &str,
        groups: Groups<'_>,
        pick: Pick,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<Claim>>;
    /// [`Store::claim_of`] all groups.
    fn claim(
        &self,
        destination: &str,
        pick: Pick,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<Claim>> {
        self.claim_of(destination, Groups::All, pick, limit, now)
    }
    /// Whether `claim_of` would find one.
    fn is_ready(&self, destination: &str, _groups: Groups<'_>, _pick: Pick) -> Result<bool> {
        let record = self.destination(destination)?;
        Ok(record.is_some_and(|record| record.counts.get(State::Pending) > 0))
    }
    /// Remembers what of a claim is in hand; it replaces what was said of this claim before, and the result of
    /// one of these items ends it.
    /// Nothing is to be said of a claim whose items go in the order of `id`, each with its result written before the next.
    fn set_hand(&self, token: i64, hand: &Hand) -> Result<()>;
    /// Orthanc's jobs that were in hand when the process ended. To be asked before [`Store::release_running`].
    fn jobs_in_hand(&self) -> Result<Vec<String>>;
    /// When what is `Scheduled` of this group becomes `Pending`; `None`: nothing is.
    fn group_due(&self, destination: &str, group: &str) -> Result<Option<Timestamp>>;
    /// Ends a claim in whole or in part. Items that are no longer held under this token (cancelled,
    /// released) are left alone; answers how many were changed.
    fn finish(&self, token: i64, results: &[Finish], now: Timestamp) -> Result<u64>;
    /// Of the given items, those still `Running` under this token (the others were cancelled).
    fn still_claimed(&self, token: i64, ids: &[i64]) -> Result<Vec<i64>>;
    /// What was counted as time since the last stop, and had not passed, expires nothing: what is to expire and was made before
    /// `start` gets so much more time, and what expired since then and would not have by now waits again. Answers how many
    /// of those there were.
    fn pardon(&self, start: Timestamp, over: Duration, now: Timestamp) -> Result<u64>;
    /// Removes `Success` and `Cancelled` items at rest since before `before`, at most `limit`.
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u64>;

    // --- operate ---

    /// `Failure` or `Cancelled` → `Pending`; its attempts start anew (`AttemptCount` 0, history kept).
    fn replay(&self, id: i64, expires: Option<Timestamp>, now: Timestamp) -> Result<Moved>;
    fn cancel(&self, id: i64, now: Timestamp) -> Result<Moved>;
    /// To `Pending`, marked so that it goes before all others and through a closed window, until its next attempt.
    fn send_now(&self, id: i64, now: Timestamp) -> Result<Moved>;
    fn redirect(
        &self,
        id: i64,
        to: &str,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Moved>;
    fn remove(&self, id: i64) -> Result<Moved>;
    /// Over the whole error queue, in steps that never hold the writer for long. `expires` gives the new
    /// expiry of an item for a destination. `dry_run` counts and changes nothing.
    fn operate_errors(
        &self,
        operation: &ErrorOperation,
        filter: &Filter,
        expires: &dyn Fn(&str) -> Option<Timestamp>,
        dry_run: bool,
        now: Timestamp,
    ) -> Result<u64>;
    fn set_paused(&self, destination: &str, paused: bool) -> Result<()>;
    /// Remembers why a destination could not be reached (no item is concerned).
    fn set_last_error(&self, destination: &str, error: &LastError) -> Result<()>;
    /// An outage began (`Some`), went on, or ended (`None`). A beginning is counted.
    fn set_outage(&self, destination: &str, outage: Option<&Outage>) -> Result<()>;
    /// Makes the destination known, so that it is listed before its first item.
    fn add_destination(&self, destination: &str) -> Result<()>;

    // --- query ---

    fn counts(&self) -> Result<Counts>;
    fn destinations(&self) -> Result<Vec<DestinationRecord>>;
    fn destination(&self, name: &str) -> Result<Option<DestinationRecord>>;
    fn item(&self, id: i64) -> Result<Option<(Item, Vec<Attempt>)>>;
    fn items(&self, filter: &Filter, page: Page) -> Result<Vec<Item>>;
    fn error_summary(&self) -> Result<Vec<ErrorSummary>>;
    /// One for each destination and class that ever failed; survives restarts, never falls.
    fn failure_totals(&self) -> Result<Vec<FailureTotal>>;
    /// When the next of the items that wait goes to the error queue unsent.
    fn next_expiry(&self) -> Result<Option<Timestamp>>;
    /// What came to rest from the first time on and before the second, as far as it is still known: what was replayed or pruned
    /// since is not. Costs what came to rest.
    fn at_rest(&self, from: Timestamp, until: Timestamp) -> Result<Vec<MinuteAtRest>>;
    /// `instances`: for `Level::Instance` and below-study levels the study narrows the search down;
    /// `None` where Orthanc no longer knows it.
    fn progress(
        &self,
        level: Level,
        id: &str,
        study: Option<&str>,
    ) -> Result<Vec<ResourceProgress>>;
    /// Everything that was written before survives a power cut once this returns. Asked for once at the end of what a
    /// person does, before the answer; what the queue does by itself is found again without it.
    fn make_durable(&self) -> Result<()>;
    /// What is worth doing from time to time, while little is written. Asked for each second.
    fn tidy(&self) -> Result<()> {
        Ok(())
    }
    /// What fails now, told in the log once by the store itself, whoever met it.
    fn fault(&self) -> Option<Fault> {
        None
    }
    /// Whether the database can be written: the truth for `health`, with [`Store::fault`].
    fn check_writable(&self) -> Result<()>;
    /// Size of the database's files, in bytes.
    fn size_bytes(&self) -> Result<u64>;
}
