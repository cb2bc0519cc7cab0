//! Desk: what people do to items, the error queue and destinations.

use super::{Filter, Result, States};
use crate::item::state::Move;
use crate::item::{Event, Item, Priority, State, Timestamp};

/// What a person does to an item, or to each that fits a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Its attempts start anew (`AttemptCount` 0, history kept).
    Replay,
    Cancel,
    /// To `Pending`, marked so that it goes before all others and through a closed window, until its next attempt.
    SendNow,
    /// To `Pending`, due or not, and goes in its turn.
    Promote,
    /// What becomes `Stat` waits for no quiet period; one that waits by itself ([`super::Ending::Hold`]) still does.
    Prioritize(Priority),
    Redirect {
        to: String,
    },
    Remove,
}

impl Operation {
    pub fn verb(&self) -> Move {
        match self {
            Operation::Replay => Move::Replay,
            Operation::Cancel => Move::Cancel,
            Operation::SendNow => Move::SendNow,
            Operation::Promote => Move::Promote,
            Operation::Prioritize(_) => Move::Prioritize,
            Operation::Redirect { .. } => Move::Redirect,
            Operation::Remove => Move::Remove,
        }
    }

    /// What the journal calls it.
    pub fn event(&self) -> Event {
        match self {
            Operation::Replay => Event::Replayed,
            Operation::Cancel => Event::Cancelled,
            Operation::SendNow | Operation::Promote => Event::SentNow,
            Operation::Prioritize(_) => Event::PriorityChanged,
            Operation::Redirect { .. } => Event::Redirected,
            Operation::Remove => Event::Removed,
        }
    }

    /// What the journal says of it besides.
    pub fn details(&self) -> Option<&str> {
        match self {
            Operation::Prioritize(priority) => Some(priority.as_str()),
            _ => None,
        }
    }

    /// Where it leads to.
    pub fn to(&self) -> Option<&str> {
        match self {
            Operation::Redirect { to } => Some(to),
            _ => None,
        }
    }
}

/// Of which items an operation by filter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// `Scheduled`, `Pending`, `Retry`. What is being sent is left, and counted.
    Waiting,
    /// The error queue.
    Failures,
}

/// An operation by filter.
pub struct Sweep<'a> {
    pub operation: &'a Operation,
    pub among: Among,
    pub filter: &'a Filter,
    pub now: Timestamp,
    /// The new expiry of what is replayed or redirected, by its destination.
    pub expires: &'a dyn Fn(&str) -> Option<Timestamp>,
    /// Counts and changes nothing.
    pub dry_run: bool,
    /// So many are changed, whatever comes to fit meanwhile; `None`: all.
    pub at_most: Option<u64>,
    /// Asked before each step; `false`: it is broken off, since Orthanc is to stop.
    pub goes_on: &'a dyn Fn() -> bool,
}

impl Sweep<'_> {
    pub fn event(&self) -> Event {
        match (self.among, self.operation.event()) {
            (Among::Failures, Event::Removed) => Event::Purged,
            (_, event) => event,
        }
    }

    /// The states of those that it changes.
    pub fn states(&self) -> States {
        let is_among = |state: State| match self.among {
            Among::Waiting => state.is_waiting(),
            Among::Failures => state == State::Failure,
        };
        let verb = self.operation.verb();
        let states = State::ALL.into_iter().filter(|state| {
            is_among(*state) && self.filter.may_be(*state) && state.after(verb).is_some()
        });
        states.collect()
    }
}

/// What came of an operation by filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Operated {
    pub done: u64,
    /// Of [`Among::Waiting`]: those that fit but for their state, and were left because they were being sent.
    pub running: u64,
    /// Left, since as many as [`Sweep::at_most`] were changed before their turn.
    pub left: u64,
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
    /// Over all that fit, in steps that never hold the writer for long, each item once in the order of `id`: one that
    /// fits again meanwhile is not met a second time. What would stay as it is (redirected to where it goes already, a
    /// priority that it has) does not count.
    ///
    /// # Errors
    /// What was done before stays done, and is in the journal.
    fn operate(&self, sweep: &Sweep<'_>) -> Result<Operated>;
    /// One that is paused already stays so since it was.
    fn set_paused(&self, destination: &str, paused: bool, now: Timestamp) -> Result<()>;
    /// Everything that was written before survives a power cut once this returns. Asked for once at the end of what a
    /// person does, before the answer; what the queue does by itself is found again without it.
    fn make_durable(&self) -> Result<()>;
}
