//! Where the items are: one trait for each of those who use it, and [`Store`], which is all of them.
//!
//! | trait | for | what |
//! |---|---|---|
//! | [`Journal`] | arrival | the cursor, and what is taken in |
//! | [`Studies`] | arrival | the studies that rules take whole |
//! | [`Sources`] | arrival, and whoever looks | the AETs from which something came |
//! | [`Decisions`] | what changes instances on their way | what is decided once for a study; serial numbers |
//! | [`Outputs`] | the same, and arrival | how what is sent would come back |
//! | [`Subjects`] | de-identification | what people gave for `Lookup` |
//! | [`Claims`] | dispatch | what is being sent, and what became of it |
//! | [`Confirmations`] | dispatch | what a destination acknowledged, and is asked for later |
//! | [`Desk`] | the API | what people do |
//! | [`Book`] | whoever looks | queries |
//! | [`Deliveries`] | whoever asks what was sent | what was delivered, for years |
//! | [`Retention`] | what deletes from Orthanc | what is known of each study, what was deleted |
//! | [`Protections`] | what protects patients | who is protected in Orthanc while something waits |
//! | [`Outbox`] | arrival, what tells other systems | what other systems are told of |
//! | [`Chronicle`] | whoever tells what happened | the journal that people read, each hour's figures |
//! | [`Upkeep`] | the promoter | time, and the database itself |
//!
//! Invariants that every backend keeps (the conformance suite in `conformance` tries to break them):
//! - Each verb is one transaction: it happens whole or not at all, and survives a crash of the
//!   process once it has returned.
//! - The cursor moves in the transaction that writes the items read up to it: after a crash the
//!   two never disagree. So do the gaps below it.
//! - A finishing write is fenced by the claim's token: a worker whose claim was released or
//!   cancelled changes nothing.
//! - Each handle of a store is an owner of claims, under a lease. What one owner has no other one claims; when its
//!   lease is over, or its process has ended, all of it goes back at once, and the owner can claim nothing more.
//! - Items move only as `item::state::State::after` allows.
//! - The counts are those of the items, at every moment.
//! - State `Success` goes with the classes `Success` and `Warning`, and they with it; class `Success` with DIMSE status
//!   0000 or none. Lists rely on it.
//! - What is on the hot path (enqueue, claim, finish, promote, counts) costs the same at a backlog of
//!   ten million as at ten thousand. One exception: a claim of [`Groups::Except`] passes over what waits of those
//!   groups (measured: some 2 ms for 10,000 items).

pub use crate::item::Level;

pub mod sqlite;

mod book;
mod chronicle;
mod claims;
mod confirmations;
mod decisions;
mod deliveries;
mod desk;
mod filter;
mod in_hand;
mod journal;
mod outbox;
mod outputs;
mod protected;
mod retention;
mod sources;
mod studies;
mod subjects;
mod upkeep;

pub use self::book::{
    Book, Counts, DestinationRecord, ErrorSummary, FailureKinds, FailureTotal, HeldItems,
    LastError, MinuteAtRest, Outage, REASONS_OF, ResourceProgress, StudyProgress,
};
pub use self::chronicle::{
    Asker, Chronicle, Entry, Forgotten, Hour, LONGEST_OUTAGES_SECONDS, MOST_ENTRIES, Period,
};
pub use self::claims::{AttemptMade, Claim, ClaimTerms, Claims, Ending, Finish, Groups, Pick};
pub use self::confirmations::{Confirmations, Confirming, FollowUp, FollowUps, ToConfirm};
pub use self::decisions::{Decisions, Serial, SerialLast};
pub use self::deliveries::{Bygone, Delivered, DeliveredInstance, Deliveries, StudyName, Wanted};
pub use self::desk::{Among, Desk, Moved, Operated, Operation, Sweep};
pub use self::filter::{CLOCK_SLACK_SECONDS, Filter, Order, Page, States};
pub use self::in_hand::{BLAMED_ASIDE, BLAMED_MOST, Hand, HeldBack, Released, SEEN_ASIDE};
pub use self::journal::{
    Cursor, Duplicates, Enqueued, Gap, Intake, Journal, NewItem, Notifier, Reached, Reception,
};
pub use self::outbox::{Announced, Outbox, Outgoing, Stored};
pub use self::outputs::Outputs;
pub use self::protected::{Protected, Protections, Unsent};
pub use self::retention::{Deletion, History, KeptStudy, Known, Lead, NewDeletion, Retention};
pub use self::sources::{Heard, MOST_SOURCES, Source, Sources};
pub use self::studies::{Studies, TakenStudy};
pub use self::subjects::{Subject, Subjects};
pub use self::upkeep::{Fault, Upkeep};
pub use crate::item::{Followed, StatusFilter};

#[cfg(test)]
pub mod conformance;
#[cfg(test)]
mod pass_on;
#[cfg(test)]
pub(crate) use self::pass_on::pass_on;

/// What the backend said.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong in a store; each variant says what the reader can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds a lock: try again later.
    #[error("the queue's database is locked by another process: {0}")]
    Locked(#[source] Cause),
    /// No room: free disk space; nothing was written.
    #[error("the disk of the queue's database is full: {0}")]
    Full(#[source] Cause),
    /// The file cannot be used as it is: an administrator must act. Nothing was overwritten.
    #[error("{0}")]
    Unusable(String, #[source] Option<Cause>),
    /// What the database holds does not fit the words of this program.
    #[error("the queue's database is damaged: {0}")]
    Corrupt(#[source] Cause),
    /// Others may have taken what this process had claimed: stop sending, then [`Claims::begin`] anew.
    #[error("the lease of this process on what it had claimed is over")]
    LeaseOver,
    /// Orthanc is to stop, and what takes long was broken off.
    #[error("Orthanc is being stopped: what was done so far is done, the rest is as it was")]
    Stopping,
    #[error("the queue's database failed: {0}")]
    Other(#[source] Cause),
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// The queue, whole. All methods may be called from any thread.
pub trait Store:
    Journal
    + Studies
    + Sources
    + Decisions
    + Outputs
    + Subjects
    + Claims
    + Confirmations
    + Desk
    + Book
    + Deliveries
    + Retention
    + Protections
    + Outbox
    + Chronicle
    + Upkeep
{
}

impl<T> Store for T where
    T: Journal
        + Studies
        + Sources
        + Decisions
        + Outputs
        + Subjects
        + Claims
        + Confirmations
        + Desk
        + Book
        + Deliveries
        + Retention
        + Protections
        + Outbox
        + Chronicle
        + Upkeep
{
}
