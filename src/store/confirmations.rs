//! Follow-ups: what a destination acknowledged, and is asked for later.
//!
//! Invariants:
//! - A delivery that is to be confirmed has its follow-up from the transaction of its result on, until it is confirmed,
//!   refused, or over; its item is `Waiting` ([`crate::item::Confirmation`]) as long as that, and is not pruned.
//! - What is claimed is ended, or due again; a start, or the end of the owner's lease, makes all of it free.
//! - A transaction of storage commitment is of the process that began it, in whose Orthanc the report will be: with it
//!   it is forgotten, and asked for anew.

use super::Result;
use crate::item::{Ids, Timestamp};

/// What is asked for together: of one destination and one study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUps {
    /// The fence, as of a claim of items.
    pub token: i64,
    /// The transaction of storage commitment whose report is awaited for all of them.
    pub transaction: Option<String>,
    /// In the order of their items.
    pub all: Vec<FollowUp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    pub item: i64,
    pub ids: Ids,
    /// The SOP Instance UID under which it was sent; `None`: its own.
    pub sent_as: Option<String>,
    /// Or, where it could not be asked for when that was due, when it would have been delivered to be due at the first
    /// question: its time counts from that on.
    pub delivered: Timestamp,
    /// How often it was asked for.
    pub asked: u32,
    /// When the transaction was begun.
    pub begun: Option<Timestamp>,
    /// What was said last.
    pub said: String,
}

/// What came of asking for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    Confirmed,
    /// It has it not, or does not answer for it: a failure reason of storage commitment (PS3.3 C.14.1.1). `resend`:
    /// 0112 (no such object instance), for which it is sent again, once, and then waits for a person; until then for
    /// what of its time is left.
    Refused {
        status: u16,
        details: String,
        resend: bool,
        expires: Option<Timestamp>,
    },
    TimedOut {
        details: String,
    },
    /// It is not to be confirmed any more.
    Dropped,
    /// It is asked for again then.
    Later {
        due: Timestamp,
        /// It was asked for now.
        asked: bool,
        /// See [`FollowUp::delivered`].
        delivered: Timestamp,
        /// `None`: what was said before.
        said: Option<String>,
        /// `Some`: its report is awaited.
        transaction: Option<String>,
    },
}

/// How many deliveries of a destination, of items that are kept, are to be confirmed, and were not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Confirming {
    pub waiting: u64,
    /// It does not answer for them; those that were sent again are not among them.
    pub refused: u64,
    pub timed_out: u64,
}

/// For the lanes, and for whoever asks what was confirmed.
pub trait Confirmations: Send + Sync {
    /// What is due first at the destination, with others of its transaction, or of its study without one, up to
    /// `limit`.
    ///
    /// # Errors
    /// [`super::StoreError::LeaseOver`] if what this owner had was given back.
    fn claim_follow_ups(
        &self,
        destination: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Option<FollowUps>>;
    /// When the next one is due; `None`: there is none, or all are claimed.
    fn next_follow_up(&self, destination: &str) -> Result<Option<Timestamp>>;
    /// Fenced by the token. Answers how many items were sent again, and how many went to the error queue.
    fn followed(
        &self,
        token: i64,
        results: &[(i64, Followed)],
        now: Timestamp,
    ) -> Result<(u64, u64)>;
    /// Ends what is to be asked for of what was delivered before, all of it without a time, at most `limit`: as
    /// `Dropped` or `TimedOut`. What is claimed is left. Answers how much that was.
    fn end_follow_ups(
        &self,
        destination: &str,
        before: Option<Timestamp>,
        followed: &Followed,
        limit: u32,
    ) -> Result<u64>;
    /// What was delivered of a study to a destination, and whose items are kept, is to be confirmed as if it were
    /// delivered now; answers how many deliveries. In steps that never hold the writer for long.
    fn confirm(
        &self,
        destination: &str,
        study: &str,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<u64>;
}
