//! Deliveries: what was sent where, for longer than the items are kept.
//!
//! Invariants:
//! - A study that was delivered to a destination has a line there: from the transaction of the first result on, for
//!   years. What else is known of it is kept until the line is closed: its items, and what became of those that reached
//!   a destination and are gone (pruned, removed, redirected).
//! - A line is closed once Orthanc has the study no more and none of its items is left; what is delivered later is
//!   another line. Closed it has its figures alone.
//! - A delivery is an item that came to `Success`. What a destination holds is another matter: nothing here proves it.

use super::Result;
use crate::item::{Class, Confirmation, Timestamp};

/// What people call a study.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct StudyName {
    /// Orthanc's identifier.
    pub study: String,
    /// Study Instance UID; empty: not known.
    pub uid: String,
    /// Accession Number; empty: it has none.
    pub accession: String,
}

/// That a study was delivered to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Grows with the time of the first delivery.
    pub id: i64,
    pub name: StudyName,
    pub destination: String,
    pub first: Timestamp,
    pub last: Timestamp,
    /// Different ones, each counted once however often it was sent.
    pub instances: u64,
    /// Of these, how many were acknowledged with a warning, at least once.
    pub warnings: u64,
    /// Bytes of their files.
    pub bytes: u64,
    /// Only the figures are left.
    pub closed: bool,
}

/// One delivery of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredInstance {
    pub item: i64,
    /// Orthanc's identifier.
    pub instance: String,
    pub sop_instance_uid: String,
    /// The SOP Instance UID under which it was sent; `None`: its own.
    pub sent_as: Option<String>,
    pub time: Timestamp,
    /// `Success` or `Warning`.
    pub class: Class,
    pub dimse_status: Option<u16>,
    pub size_bytes: u64,
    pub confirmation: Confirmation,
}

/// Which lines. All that is `Some` must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Orthanc's identifier, or the Study Instance UID.
    pub study: Option<String>,
    pub accession: Option<String>,
    pub destination: Option<String>,
    /// Something was delivered then or later,
    pub from: Option<Timestamp>,
    /// and something before this.
    pub until: Option<Timestamp>,
}

/// A study of which no item is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bygone {
    /// Grows; names it to [`Deliveries::close`].
    pub number: i64,
    pub study: String,
}

/// For whoever asks what was sent, and for what keeps the lines.
pub trait Deliveries: Send + Sync {
    /// Lines in the order of their IDs, those above `after`.
    fn deliveries(&self, wanted: &Wanted, after: i64, limit: u32) -> Result<Vec<Delivered>>;
    /// A line with its deliveries, by instance, then time; of a closed one there are none.
    fn delivery(&self, id: i64) -> Result<Option<(Delivered, Vec<DeliveredInstance>)>>;
    /// Of the next `limit` studies above the number `after` those without an item, and the number of the last that was
    /// looked at; 0: there is none above `after`. None is among them of which closed lines are all that is known.
    fn bygone(&self, after: i64, limit: u32) -> Result<(Vec<Bygone>, i64)>;
    /// Orthanc has this study no more: its lines are closed, and what is known of its items goes. One of which there is
    /// an item again is left. Answers how many lines were closed.
    fn close(&self, study: &Bygone, now: Timestamp) -> Result<u64>;
    /// Removes closed lines of before, but for the newest line of all, at most `limit`, with the names of studies of
    /// which nothing else is known. Answers how many lines.
    fn forget_deliveries(&self, before: Timestamp, limit: u32) -> Result<u64>;
}
