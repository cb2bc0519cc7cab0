//! Follow-ups: what a destination acknowledged, and is asked for later.
//!
//! Invariants:
//! - A delivery that is to be confirmed has its follow-up from the transaction of its result on, until it is confirmed,
//!   refused, or over; its item is `Waiting` ([`crate::item::Confirmation`]) as long as that, and is not pruned.
//! - What is claimed is ended, or due again; a start, or the end of the owner's lease, makes all of it free.
//! - A transaction of storage commitment is of the process that began it, in whose Orthanc the report will be: with it
//!   it is forgotten, and asked for anew.

use super::Result;
use crate::item::follow_up::{Before, Followed, SentSeries};
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
    /// What was told of its series with the result; `None`: nothing.
    pub series: Option<SentSeries>,
    /// See [`Before::delivered`].
    pub delivered: Timestamp,
    /// How often it was asked for.
    pub asked: u32,
    /// When the transaction was begun.
    pub begun: Option<Timestamp>,
    /// What was said last.
    pub said: String,
}

impl FollowUps {
    /// One of them, as it stood before it is asked for.
    pub fn before<'a>(&'a self, one: &'a FollowUp) -> Before<'a> {
        Before {
            delivered: one.delivered,
            asked: one.asked,
            open: self.transaction.as_deref().zip(one.begun),
            said: &one.said,
        }
    }
}

/// What a delivery is to be confirmed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToConfirm {
    /// When its destination is asked first.
    pub due: Timestamp,
    /// What is known of its series as it was sent.
    pub series: Option<Box<SentSeries>>,
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
    /// `limit`. `reports`: so many transactions may be open, in equal parts for all destinations that are waited for,
    /// one of each at the least; with more, only that is due whose report is awaited.
    ///
    /// # Errors
    /// [`super::StoreError::LeaseOver`] if what this owner had was given back.
    fn claim_follow_ups(
        &self,
        destination: &str,
        now: Timestamp,
        limit: u32,
        reports: u32,
    ) -> Result<Option<FollowUps>>;
    /// When the next one is due, by the same rule; `None`: there is none, or all are claimed.
    fn next_follow_up(&self, destination: &str, reports: u32) -> Result<Option<Timestamp>>;
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
