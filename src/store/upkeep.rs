//! Upkeep: what time does to items, the clock's reading, and whether the database can be worked on.

use std::time::Duration;

use super::Result;
use crate::item::{Reading, Timestamp};

/// A fault of the store that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub since: Timestamp,
    /// What was met last.
    pub error: String,
}

/// For the promoter, the timekeeper and `health`.
pub trait Upkeep: Send + Sync {
    /// `Scheduled` and `Retry` items that are due become `Pending`, at most `limit`.
    /// Answers the names of the destinations that got work.
    fn promote(&self, now: Timestamp, limit: u32) -> Result<Vec<String>>;
    /// What is held for the destination ([`super::Ending::Hold`]) is due now, each once, in steps that never hold the
    /// writer for long; answers how many. What was looked at again meanwhile, and is held again, is left.
    fn wake(&self, destination: &str, now: Timestamp) -> Result<u64>;
    /// When the next `Scheduled` or `Retry` item is due.
    fn next_due(&self) -> Result<Option<Timestamp>>;
    /// Waiting items whose time is over go to the error queue, at most `limit`; answers how many.
    fn expire(&self, now: Timestamp, limit: u32) -> Result<u64>;
    /// What waits for a destination and would expire by `now` expires at `until` instead, at most `limit`; answers how
    /// many.
    fn put_off(
        &self,
        destination: &str,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<u64>;
    /// Removes `Success` and `Cancelled` items at rest since before `before`, at most `limit`.
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u64>;
    /// What is worth doing from time to time, while little is written. Asked for each second.
    fn tidy(&self) -> Result<()>;
    /// The clock as it was last stored. `None`: never.
    fn reading(&self) -> Result<Option<Reading>>;
    /// Stores it, so that the next start goes on from there.
    fn set_reading(&self, reading: Reading) -> Result<()>;
    /// What was counted as time since the last stop, and had not passed, expires nothing: what is to expire and was
    /// made before `start` gets so much more time, and what expired since then and would not have by now waits again.
    /// Answers how many of those there were.
    fn pardon(&self, start: Timestamp, over: Duration, now: Timestamp) -> Result<u64>;
    /// What fails now, told in the log once by the store itself, whoever met it.
    fn fault(&self) -> Option<Fault>;
    /// Whether the database can be written: the truth for `health`, with [`Upkeep::fault`].
    fn check_writable(&self) -> Result<()>;
}
