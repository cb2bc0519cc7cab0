//! Desk: what people do to items, the error queue and destinations.

use super::{Filter, Result};
use crate::item::{Item, State, Timestamp};

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

/// For what people ask for.
pub trait Desk: Send + Sync {
    /// `Failure` or `Cancelled` → `Pending`; its attempts start anew (`AttemptCount` 0, history kept).
    fn replay(&self, id: i64, expires: Option<Timestamp>) -> Result<Moved>;
    fn cancel(&self, id: i64, now: Timestamp) -> Result<Moved>;
    /// To `Pending`, marked so that it goes before all others and through a closed window, until its next attempt.
    fn send_now(&self, id: i64) -> Result<Moved>;
    fn redirect(&self, id: i64, to: &str, expires: Option<Timestamp>) -> Result<Moved>;
    fn remove(&self, id: i64) -> Result<Moved>;
    /// Over the whole error queue, in steps that never hold the writer for long. `expires` gives the new
    /// expiry of an item for a destination. `dry_run` counts and changes nothing.
    fn operate_errors(
        &self,
        operation: &ErrorOperation,
        filter: &Filter,
        expires: &dyn Fn(&str) -> Option<Timestamp>,
        dry_run: bool,
    ) -> Result<u64>;
    /// One that is paused already stays so since it was.
    fn set_paused(&self, destination: &str, paused: bool, now: Timestamp) -> Result<()>;
    /// All `Scheduled` and `Retry` items of the destination become `Pending`, each once, due or not, in steps that
    /// never hold the writer for long. Answers how many.
    fn promote_all(&self, destination: &str) -> Result<u64>;
    /// Everything that was written before survives a power cut once this returns. Asked for once at the end of what a
    /// person does, before the answer; what the queue does by itself is found again without it.
    fn make_durable(&self) -> Result<()>;
}
