//! The words of the queue: what an item is, which states it has, what follows from an outcome.
//!
//! Invariants:
//! - No I/O and no clock of its own: whoever calls passes the time in.
//! - This module imports nothing else of ours; every other module may import it.
//! - The names here are the names in the database, in the REST API and in the configuration.

pub mod again;
pub mod announcement;
pub mod confirmation;
pub mod event;
pub mod follow_up;
pub mod meaning;
pub mod outcome;
pub mod priority;
pub mod retry;
pub mod safe;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod state;
pub mod status;
pub mod statuses;
pub mod system;
pub mod time;
pub mod told;

pub use again::Again;
pub use announcement::Announcement;
pub use confirmation::{Confirmation, Means};
pub use event::Event;
pub use follow_up::{Answer, Followed, SentSeries};
pub use outcome::{Class, Consequence, Outcome};
pub use priority::Priority;
pub use retry::RetryPolicy;
pub use state::State;
pub use status::StatusFilter;
pub use statuses::Statuses;
pub use time::{Ahead, Clock, ClockWarning, Jump, Reading, SystemClock, Timestamp};

/// Which instance it is. All but `sop_instance_uid` are Orthanc identifiers (SHA-1, 44 characters with dashes).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ids {
    pub instance: String,
    pub sop_instance_uid: String,
    pub series: String,
    pub study: String,
    pub patient: String,
}

impl Ids {
    /// Of the instance itself, or of what it is a part of.
    pub fn at(&self, level: Level) -> &str {
        match level {
            Level::Instance => &self.instance,
            Level::Series => &self.series,
            Level::Study => &self.study,
            Level::Patient => &self.patient,
        }
    }
}

/// An (instance, destination) pair: the unit of truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: i64,
    pub ids: Ids,
    pub destination: String,
    /// Name of the rule that made the item; `None` for one that a person enqueued.
    pub rule: Option<String>,
    /// The AET that the instance came from, for `LocalAet: "$RemoteAet"`.
    pub remote_aet: Option<String>,
    pub state: State,
    pub priority: Priority,
    /// Attempts that reached the destination, the successful one too.
    pub attempt_count: u32,
    pub created: Timestamp,
    /// When the next attempt is due (`Retry`, `Scheduled`).
    pub next_attempt: Option<Timestamp>,
    /// When the item came to rest (`Success`, `Failure`, `Cancelled`).
    pub completed: Option<Timestamp>,
    pub class: Option<Class>,
    /// Status of the C-STORE-RSP (PS3.7 Annex C, PS3.4 B.2.3), where there was one.
    pub dimse_status: Option<u16>,
    pub details: Option<String>,
    pub size_bytes: u64,
    /// Of its last delivery.
    pub confirmation: Confirmation,
}

/// One try at delivering an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1, in the order in which they were made.
    pub number: u32,
    /// Where it went (an item keeps its history when it is redirected).
    pub destination: String,
    pub started: Timestamp,
    pub duration_us: u64,
    pub class: Class,
    pub dimse_status: Option<u16>,
    pub details: String,
    /// The SOP Instance UID under which it was sent; `None`: the item's own.
    pub sent_as: Option<String>,
}

/// Level of a resource in Orthanc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    Patient,
    Study,
    Series,
    Instance,
}
