//! Claims: what is being sent, by whom, and what became of it.

use super::{Hand, HeldBack, LastError, Outage, Released, Result, ToConfirm};
use crate::item::{Item, Outcome, Priority, Timestamp};

/// Items of one group, claimed by one worker.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The fence: unique over the life of the database.
    pub token: i64,
    /// What its items are kept together with; `None`: the item is a group of its own, or goes without it
    /// ([`Pick::Aside`]).
    pub group: Option<String>,
    /// A person wants it sent now.
    pub hurried: bool,
    /// At least one, in the order of [`super::NewItem::place`], then `id`, all `Running`, all of the same group and
    /// priority.
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

/// What is claimed, and how it will be sent.
#[derive(Debug, Clone, Copy)]
pub struct ClaimTerms<'a> {
    pub groups: Groups<'a>,
    pub pick: Pick,
    /// At most so many items.
    pub limit: u32,
    /// Whoever sends them changes them on their way.
    pub alters: bool,
}

/// The result of one claimed item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    pub id: i64,
    pub ending: Ending,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// To `Success`, with its attempt.
    Complete(AttemptMade),
    /// To `Retry`, due `at`, with its attempt.
    Retry { at: Timestamp, attempt: AttemptMade },
    /// To `Failure`. `attempt.counted` tells whether it raises `AttemptCount`.
    Fail(AttemptMade),
    /// Back to `Pending`, nothing recorded.
    Release,
    /// The same, though something else than what is stored may have been sent by then (see [`AttemptMade::altered`]).
    Cut { altered: Option<bool> },
    /// To `Scheduled`, due `at` by itself, whatever its group waits for. No attempt is recorded; the item tells why.
    Hold { at: Timestamp, outcome: Outcome },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptMade {
    pub started: Timestamp,
    pub duration_us: u64,
    pub outcome: Outcome,
    /// Whether it reached the destination (`Class::reached_destination`).
    pub counted: bool,
    /// See [`crate::item::Attempt::sent_as`].
    pub sent_as: Option<String>,
    /// Whether something else was sent than the data set that is stored: changed, or converted; `None`: not known.
    pub altered: Option<bool>,
    /// Of a delivery that is to be confirmed ([`super::Confirmations`]).
    pub confirm: Option<ToConfirm>,
}

/// For the lanes of the destinations.
pub trait Claims: Send + Sync {
    /// A start: this handle becomes a new owner of claims, whose lease lasts as long as its process, or until
    /// [`Claims::renew`] says. What the owner before had on this handle goes back, and all that
    /// [`Claims::release_expired`] finds.
    fn begin(&self, now: Timestamp) -> Result<Released>;
    /// The lease of this owner lasts until then.
    ///
    /// # Errors
    /// [`super::StoreError::LeaseOver`] if what it had was given back already.
    fn renew(&self, until: Timestamp) -> Result<()>;
    /// What is `Running` under an owner whose process has ended, or whose lease is over, becomes `Pending`, no attempt
    /// counted. After a sudden end (no [`Claims::stopped_well`]) those in hand may have caused it, and are remembered
    /// until they have a result:
    /// - In hand are, of each claim, what [`Claims::set_hand`] said, else the first two items: the one that was being
    ///   sent, and the one that was being read ahead.
    /// - One is blamed if nothing had come to a result since the start, or if it was sent alone. A sudden end without
    ///   it in hand, one after any result, and a clean stop end the count; one that was set aside keeps it until its
    ///   turn.
    /// - Blamed once, it is claimed by itself, and not while another such one is `Running`: so that what was only sent
    ///   beside it is blamed once. Blamed [`super::BLAMED_ASIDE`] times, or seen in hand [`super::SEEN_ASIDE`] times,
    ///   it is claimed by [`Pick::Aside`] only. Blamed [`super::BLAMED_MOST`] times, it goes to the error queue.
    fn release_expired(&self, now: Timestamp) -> Result<Released>;
    /// The process ends as it should, and nothing of it is to blame.
    fn stopped_well(&self, now: Timestamp) -> Result<()>;
    /// Orthanc's jobs that [`Claims::begin`] finds in hand. To be asked before it.
    fn jobs_in_hand(&self) -> Result<Vec<String>>;
    /// For this owner: the `Pending` item of the destination that `pick` names among these groups, or others of its
    /// group and priority that go before it ([`super::NewItem::place`]), up to `limit`; one that a person wants sent
    /// now goes alone. `None`: there is none.
    ///
    /// # Errors
    /// [`super::StoreError::LeaseOver`] if what this owner had was given back.
    fn claim_of(&self, destination: &str, terms: &ClaimTerms<'_>) -> Result<Option<Claim>>;
    /// [`Claims::claim_of`] all groups, to be sent as they are stored.
    fn claim(&self, destination: &str, pick: Pick, limit: u32) -> Result<Option<Claim>> {
        let terms = ClaimTerms {
            groups: Groups::All,
            pick,
            limit,
            alters: false,
        };
        self.claim_of(destination, &terms)
    }
    /// Whether `claim_of` would find one.
    fn is_ready(&self, destination: &str, groups: Groups<'_>, pick: Pick) -> Result<bool>;
    /// What there is to claim beside what [`Pick::MostUrgent`] finds.
    fn held_back(&self, destination: &str) -> Result<HeldBack>;
    /// When what is `Scheduled` of this group becomes `Pending`; `None`: nothing is.
    fn group_due(&self, destination: &str, group: &str) -> Result<Option<Timestamp>>;
    /// Remembers what of a claim is in hand; it replaces what was said of this claim before, and the result of
    /// one of these items ends it.
    /// Nothing is to be said of a claim whose items go in their order, each with its result written before the
    /// next.
    fn set_hand(&self, token: i64, hand: &Hand) -> Result<()>;
    /// Of the given items, those still `Running` under this token (the others were cancelled).
    fn still_claimed(&self, token: i64, ids: &[i64]) -> Result<Vec<i64>>;
    /// Ends a claim in whole or in part. Items that are no longer held under this token (cancelled,
    /// released) are left alone; answers how many were changed.
    fn finish(&self, token: i64, results: &[Finish], now: Timestamp) -> Result<u64>;
    /// Remembers why a destination could not be reached (no item is concerned).
    fn set_last_error(&self, destination: &str, error: &LastError) -> Result<()>;
    /// An outage began (`Some`), went on, or ended (`None`). A beginning is counted; both are in the journal, each
    /// once, the beginning with `why`.
    fn set_outage(
        &self,
        destination: &str,
        outage: Option<&Outage>,
        why: &str,
        now: Timestamp,
    ) -> Result<()>;
}
