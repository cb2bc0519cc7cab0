//! Outbox: what other systems are told of, in the order in which it happened.
//!
//! Invariants:
//! - A row is written in the transaction of what it tells: of an arrival with the items and the cursor, of a delivery
//!   or a failure with the result. As long as nobody is told of a kind, nothing is written of it.
//! - Positions grow, and none is given twice. Rows become whole in their order, and only what is whole, and on the
//!   disk, is read: whoever has read up to a position has missed nothing before it but what was too old, a power cut or
//!   not.
//! - A study is told of when nothing has happened to it for its quiet time, again when something did since, each time
//!   with the next revision; that it was delivered, only if the newest item of each of its instances was.

use std::collections::BTreeMap;

use super::Result;
use crate::item::{Announcement, Timestamp};

/// That Orthanc has stored an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Of the same reception the same one.
    pub name: String,
    /// Orthanc's identifiers.
    pub study: String,
    pub instance: String,
    /// JSON: what is known of it.
    pub data: String,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    pub position: i64,
    pub kind: Announcement,
    pub time: Timestamp,
    /// What is told twice has the same one; of one kind.
    pub name: String,
    /// Orthanc's identifier.
    pub study: String,
    /// Study Instance UID; empty: not known here.
    pub study_uid: String,
    pub instance: Option<String>,
    pub destination: Option<String>,
    /// JSON: until it is whole what was known when it happened, in the store's words.
    pub data: String,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outgoing {
    /// Position of the oldest that is kept; 0: none is.
    pub first: i64,
    /// Up to where they are whole.
    pub whole: i64,
    /// Of the newest that there ever was.
    pub last: i64,
    /// When the oldest happened.
    pub oldest: Option<Timestamp>,
}

impl Outgoing {
    /// How many events behind a position are not kept any more.
    pub fn forgotten(&self, position: i64) -> u64 {
        let kept = match self.first {
            0 => self.whole + 1,
            first => first,
        };
        (kept - 1 - position).max(0).unsigned_abs()
    }
}

/// For arrival, for what makes rows whole, and for whoever reads them.
pub trait Outbox: Send + Sync {
    /// From now on these kinds are written, and no other, a study once it was quiet for so many microseconds: for those
    /// to which something happened before, from now on, since nobody may have looked meanwhile.
    fn announce(&self, kinds: &[Announcement], quiet_us: i64, now: Timestamp) -> Result<()>;
    /// Tells of the studies whose time has come, at most `limit` of them; answers how many were looked at.
    fn conclude(&self, now: Timestamp, limit: u32) -> Result<u64>;
    /// When the next study's time comes, if nothing happens to it.
    fn next_conclusion(&self) -> Result<Option<Timestamp>>;
    /// The oldest that are not whole, in their order.
    fn parts(&self, limit: u32) -> Result<Vec<Announced>>;
    /// These have all that is told, and so have all before them.
    fn complete(&self, whole: &BTreeMap<i64, String>) -> Result<()>;
    /// What is whole behind a position, in its order.
    fn announced(&self, after: i64, limit: u32) -> Result<Vec<Announced>>;
    fn outgoing(&self) -> Result<Outgoing>;
    /// The position behind which all has happened then or later.
    fn position_before(&self, time: Timestamp) -> Result<i64>;
    /// Removes what is whole and happened before, the oldest first, at most `limit`; answers how many rows.
    fn forget_announced(&self, before: Timestamp, limit: u32) -> Result<u64>;
    /// The same up to a position, however new.
    fn forget_up_to(&self, position: i64, limit: u32) -> Result<u64>;
    /// Removes what is known of studies to which nothing has happened since: told of again, they begin anew.
    fn forget_revisions(&self, before: Timestamp, limit: u32) -> Result<u64>;
    /// It reads no more: as if it never had.
    fn forget_reader(&self, reader: &str) -> Result<()>;
    /// How far a reader has read; `None`: it never has.
    fn seen(&self, reader: &str) -> Result<Option<i64>>;
    /// It reads on from there.
    fn see(&self, reader: &str, position: i64) -> Result<()>;
    /// The same, if it still is where it was; whether it is.
    fn advance(&self, reader: &str, from: i64, to: i64) -> Result<bool>;
}
