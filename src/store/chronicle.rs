//! Chronicle: what people, destinations and the process did (the journal that people read), and each hour's figures.
//!
//! Invariants:
//! - What is one transaction writes its entry with it, and so does each step of an operation: they are added up to one.
//!   An entry that cannot be written undoes nothing.
//! - Nothing that is sent as it should be writes here: not an arrival, a claim, or a delivery.
//! - What one request did to many items is one entry, and another request's is another. Items that a script handles one
//!   by one are one entry within a minute.
//! - It is bounded, whatever a script does: there are at most [`MOST_ENTRIES`]. What was done to items goes first, so
//!   that no script pushes out an outage, a pause or a start.
//!   A destination that comes and goes makes two entries an hour.
//! - No patient data: kinds, names of destinations and people, numbers, what an unreachable peer said.

use std::cell::RefCell;
use std::sync::atomic::{AtomicI64, Ordering};

use super::Result;
use crate::item::{Event, Timestamp};

/// Entries that are kept. Some 20 MB.
pub const MOST_ENTRIES: u32 = 200_000;

/// Seconds within which items that are handled one by one, by the same person and in the same way, are one entry.
pub const ADDED_SECONDS: f64 = 60.0;

/// An outage that begins so many seconds after the end of the last one at the same destination goes on in its entries,
pub const SAME_OUTAGE_SECONDS: f64 = 60.0;

/// but not for longer than this, so that each hour tells of what lasts.
pub const LONGEST_OUTAGES_SECONDS: f64 = 3600.0;

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Grows; 0: not written yet.
    pub id: i64,
    /// Of several that are one, the first's.
    pub time: Timestamp,
    pub event: Event,
    /// `None`: of none, or of more than one.
    pub destination: Option<String>,
    /// Who asked for it, where Orthanc tells.
    pub user: Option<String>,
    /// Items; of an outage, how many there were, where several are one.
    pub count: Option<u64>,
    /// Where they were redirected to.
    pub to: Option<String>,
    /// How long it was, of an end.
    pub seconds: Option<u64>,
    pub details: Option<String>,
}

impl Entry {
    pub fn new(event: Event, time: Timestamp) -> Entry {
        Entry {
            id: 0,
            time,
            event,
            destination: None,
            user: None,
            count: None,
            to: None,
            seconds: None,
            details: None,
        }
    }
}

/// Which entries. All that is `Some` must fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub from: Timestamp,
    /// Not included.
    pub until: Timestamp,
    /// Those of this destination, redirected to it, or of none.
    pub destination: Option<String>,
    pub event: Option<Event>,
}

/// What an hour brought at a destination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hour {
    pub destination: String,
    /// Hours since 1970.
    pub hour: i64,
    /// Instances that it acknowledged.
    pub sent: u64,
    /// Bytes of their files.
    pub bytes: u64,
    /// Items that went into the error queue.
    pub failed: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Entries and hours of before.
    pub old: u64,
    /// Entries that were too many.
    pub over: u64,
}

/// The person for whom this thread calls a [`super::Desk`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The name, where Orthanc checked it.
    pub user: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What tells this request from all others of the same time, whoever they are of.
    pub request: i64,
}

/// Of this process. Entries of an earlier one differ in their time.
static REQUESTS: AtomicI64 = AtomicI64::new(0);

thread_local! {
    static ASKER: RefCell<Option<Asker>> = const { RefCell::new(None) };
}

impl Asker {
    pub fn new(user: Option<String>, at: Timestamp) -> Asker {
        let request = REQUESTS.fetch_add(1, Ordering::Relaxed);
        Asker { user, at, request }
    }

    /// What this thread does within `work` is for this person: each verb of a store that changes something is noted so,
    /// and none can forget it.
    pub fn during<R>(self, work: impl FnOnce() -> R) -> R {
        struct Before(Option<Asker>);
        impl Drop for Before {
            fn drop(&mut self) {
                ASKER.set(self.0.take());
            }
        }
        let _before = Before(ASKER.replace(Some(self)));
        work()
    }

    /// `None`: nobody asked; what is done is not noted as a person's.
    pub fn current() -> Option<Asker> {
        ASKER.with_borrow(Clone::clone)
    }

    /// What this person did.
    pub fn did(&self, event: Event) -> Entry {
        Entry {
            user: self.user.clone(),
            ..Entry::new(event, self.at)
        }
    }
}

/// For whoever tells what happened, and for the book of hours.
pub trait Chronicle: Send + Sync {
    /// Writes an entry, or adds its count to the one that it is one with.
    fn note(&self, entry: &Entry) -> Result<()>;
    /// In the order of their IDs, those above `after`.
    fn entries(&self, period: &Period, after: i64, limit: u32) -> Result<Vec<Entry>>;
    /// Hours that have a part in the time, by destination, then hour; none without figures.
    fn hours(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Hour>>;
    /// Up to when what was sent is counted in the hours; of a new database, since when it is there.
    fn counted_until(&self) -> Result<Timestamp>;
    /// Adds what was sent, and its bytes, up to then. What fails is counted by the store itself, in the transaction in
    /// which it does.
    fn count_hours(&self, hours: &[Hour], until: Timestamp) -> Result<()>;
    /// Removes entries and hours of before, and the oldest of more than `most` entries, at most `limit` of each. Others
    /// than those of what was done to items ([`Event::is_of_items`]) go only once none of those is left.
    fn forget_before(&self, before: Timestamp, most: u32, limit: u32) -> Result<Forgotten>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_ends_with_the_work() {
        let asker = |user: &str| Asker::new(Some(user.into()), Timestamp::from_micros(1));
        let name = || Asker::current().and_then(|asker| asker.user);
        let ended = std::panic::catch_unwind(|| {
            asker("outer").during(|| {
                assert_eq!(asker("inner").during(name), Some("inner".into()));
                assert_eq!(name(), Some("outer".into()));
                panic!("in the middle");
            })
        });
        assert!(ended.is_err());
        assert_eq!(name(), None);
    }
}
