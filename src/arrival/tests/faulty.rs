//! The real store, with faults in what arrival calls.

use std::path::PathBuf;
use std::time::Duration;

use crate::item::{Attempt, Item, Reading, Timestamp};
use crate::store::sqlite::SqliteStore;
use crate::store::*;
use parking_lot::Mutex;

/// What the next writes do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Full,
    Locked,
    /// There is room for a cursor, but not for items.
    FullForItems,
    /// The commit is done, and told as failed.
    ToldWrong,
}

pub struct Faulty {
    pub store: SqliteStore,
    pub made: Timestamp,
    fault: Mutex<Option<Fault>>,
}

impl Faulty {
    pub fn new(store: SqliteStore, made: Timestamp) -> Faulty {
        Faulty {
            store,
            made,
            fault: Mutex::new(None),
        }
    }

    pub fn set(&self, fault: Option<Fault>) {
        *self.fault.lock() = fault;
    }
}

/// Passes calls on as they are.
macro_rules! pass_on {
    ($(fn $name:ident(&self $(, $argument:ident: $kind:ty)*) -> $answer:ty;)*) => {
        $(fn $name(&self $(, $argument: $kind)*) -> $answer { self.store.$name($($argument),*) })*
    };
}

impl Store for Faulty {
    fn created(&self) -> Result<Timestamp> {
        Ok(self.made)
    }

    fn enqueue(
        &self,
        items: &[NewItem],
        duplicates: Duplicates,
        reached: Option<&Reached>,
        now: Timestamp,
    ) -> Result<Enqueued> {
        let fault = *self.fault.lock();
        match fault {
            Some(Fault::Full) => return Err(StoreError::Full("no room".to_owned())),
            Some(Fault::Locked) => return Err(StoreError::Locked("in use".to_owned())),
            Some(Fault::FullForItems) if !items.is_empty() => {
                return Err(StoreError::Full("no room".to_owned()));
            }
            Some(Fault::FullForItems) => {
                return self.store.enqueue(items, duplicates, reached, now);
            }
            Some(Fault::ToldWrong) | None => {}
        }
        let done = self.store.enqueue(items, duplicates, reached, now)?;
        match fault {
            Some(_) => Err(StoreError::Full("said after the commit".to_owned())),
            None => Ok(done),
        }
    }

    pass_on! {
        fn location(&self) -> PathBuf;
        fn cursor(&self) -> Result<Option<Cursor>>;
        fn gaps(&self) -> Result<Vec<Gap>>;
        fn release_running(&self, now: Timestamp) -> Result<Released>;
        fn stopped_well(&self) -> Result<()>;
        fn held_back(&self, destination: &str) -> Result<HeldBack>;
        fn promote(&self, now: Timestamp, limit: u32) -> Result<Vec<String>>;
        fn promote_all(&self, destination: &str) -> Result<u64>;
        fn failure_totals(&self) -> Result<Vec<FailureTotal>>;
        fn reading(&self) -> Result<Option<Reading>>;
        fn set_reading(&self, reading: Reading) -> Result<()>;
        fn pardon(&self, start: Timestamp, over: Duration, now: Timestamp) -> Result<u64>;
        fn next_expiry(&self) -> Result<Option<Timestamp>>;
        fn at_rest(&self, from: Timestamp, until: Timestamp) -> Result<Vec<MinuteAtRest>>;
        fn next_due(&self) -> Result<Option<Timestamp>>;
        fn expire(&self, now: Timestamp, limit: u32) -> Result<u64>;
        fn count_new(&self, items: &[NewItem], duplicates: Duplicates) -> Result<Enqueued>;
        fn set_outage(&self, destination: &str, outage: Option<&Outage>) -> Result<()>;
        fn claim_of(&self, destination: &str, groups: Groups<'_>, pick: Pick, limit: u32, now: Timestamp) -> Result<Option<Claim>>;
        fn group_due(&self, destination: &str, group: &str) -> Result<Option<Timestamp>>;
        fn set_hand(&self, token: i64, hand: &Hand) -> Result<()>;
        fn jobs_in_hand(&self) -> Result<Vec<String>>;
        fn finish(&self, token: i64, results: &[Finish], now: Timestamp) -> Result<u64>;
        fn still_claimed(&self, token: i64, ids: &[i64]) -> Result<Vec<i64>>;
        fn prune(&self, before: Timestamp, limit: u32) -> Result<u64>;
        fn replay(&self, id: i64, expires: Option<Timestamp>, now: Timestamp) -> Result<Moved>;
        fn cancel(&self, id: i64, now: Timestamp) -> Result<Moved>;
        fn send_now(&self, id: i64, now: Timestamp) -> Result<Moved>;
        fn redirect(&self, id: i64, to: &str, expires: Option<Timestamp>, now: Timestamp) -> Result<Moved>;
        fn remove(&self, id: i64) -> Result<Moved>;
        fn operate_errors(&self, operation: &ErrorOperation, filter: &Filter, expires: &dyn Fn(&str) -> Option<Timestamp>, dry_run: bool, now: Timestamp) -> Result<u64>;
        fn set_paused(&self, destination: &str, paused: bool) -> Result<()>;
        fn set_last_error(&self, destination: &str, error: &LastError) -> Result<()>;
        fn add_destination(&self, destination: &str) -> Result<()>;
        fn counts(&self) -> Result<Counts>;
        fn destinations(&self) -> Result<Vec<DestinationRecord>>;
        fn destination(&self, name: &str) -> Result<Option<DestinationRecord>>;
        fn item(&self, id: i64) -> Result<Option<(Item, Vec<Attempt>)>>;
        fn items(&self, filter: &Filter, page: Page) -> Result<Vec<Item>>;
        fn error_summary(&self) -> Result<Vec<ErrorSummary>>;
        fn progress(&self, level: Level, id: &str, study: Option<&str>) -> Result<Vec<ResourceProgress>>;
        fn make_durable(&self) -> Result<()>;
        fn check_writable(&self) -> Result<()>;
        fn size_bytes(&self) -> Result<u64>;
    }
}
