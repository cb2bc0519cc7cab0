//! The real store, with faults in what arrival calls.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::item::{Announcement, Attempt, Item, Reading, Timestamp};
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
    /// A panic before anything is written, and one after the commit.
    Panics,
    PanicsWritten,
}

pub struct Faulty {
    pub inner: SqliteStore,
    pub made: Timestamp,
    fault: Mutex<Option<Fault>>,
    /// Writes that go well before it.
    before_it: AtomicU32,
    /// Calls that were passed on, by name.
    pub calls: Mutex<BTreeMap<String, u32>>,
}

impl Faulty {
    pub fn new(store: SqliteStore, made: Timestamp) -> Faulty {
        Faulty {
            inner: store,
            made,
            fault: Mutex::new(None),
            before_it: AtomicU32::new(0),
            calls: Mutex::default(),
        }
    }

    pub fn set(&self, fault: Option<Fault>) {
        self.set_after(0, fault);
    }

    /// So many writes go well before.
    pub fn set_after(&self, writes: u32, fault: Option<Fault>) {
        self.before_it.store(writes, Ordering::Relaxed);
        *self.fault.lock() = fault;
    }

    /// Whether a fault that was set has been met.
    pub fn is_met(&self) -> bool {
        self.before_it.load(Ordering::Relaxed) == 0
    }

    /// What this write meets.
    fn write(&self) -> Option<Fault> {
        let before = self.before_it.load(Ordering::Relaxed);
        if before > 0 {
            self.before_it.store(before - 1, Ordering::Relaxed);
            return None;
        }
        *self.fault.lock()
    }
}

impl Faulty {
    fn before(&self, call: &str) -> Result<()> {
        *self.calls.lock().entry(call.to_owned()).or_default() += 1;
        let writes = ["looked_back", "forget"].contains(&call);
        match writes.then(|| self.write()).flatten() {
            None => Ok(()),
            Some(Fault::Panics | Fault::PanicsWritten) => panic!("before the write"),
            Some(_) => Err(StoreError::Locked("in use".into())),
        }
    }
}

pass_on!(Claims for Faulty);
pass_on!(Confirmations for Faulty);
pass_on!(Protections for Faulty);
pass_on!(Studies for Faulty);
pass_on!(Deliveries for Faulty);
pass_on!(Retention for Faulty);
pass_on!(Outbox for Faulty);
pass_on!(Chronicle for Faulty);
pass_on!(Sources for Faulty);
pass_on!(Decisions for Faulty);
pass_on!(Outputs for Faulty);
pass_on!(Subjects for Faulty);
pass_on!(Desk for Faulty);
pass_on!(Book for Faulty);
pass_on!(Upkeep for Faulty);

impl Journal for Faulty {
    fn created(&self) -> Result<Timestamp> {
        Ok(self.made)
    }

    fn enqueue(&self, intake: &Intake<'_>, now: Timestamp) -> Result<Enqueued> {
        let fault = self.write();
        match fault {
            Some(Fault::Full) => return Err(StoreError::Full("no room".into())),
            Some(Fault::Locked) => return Err(StoreError::Locked("in use".into())),
            Some(Fault::FullForItems) if !intake.items.is_empty() => {
                return Err(StoreError::Full("no room".into()));
            }
            Some(Fault::FullForItems) => {
                return self.inner.enqueue(intake, now);
            }
            Some(Fault::Panics) => panic!("before the write"),
            Some(Fault::ToldWrong | Fault::PanicsWritten) | None => {}
        }
        let done = self.inner.enqueue(intake, now)?;
        match fault {
            Some(Fault::PanicsWritten) => panic!("after the commit"),
            Some(_) => Err(StoreError::Full("said after the commit".into())),
            None => Ok(done),
        }
    }

    fn cursor(&self) -> Result<Option<Cursor>> {
        self.inner.cursor()
    }

    fn gaps(&self) -> Result<Vec<Gap>> {
        self.inner.gaps()
    }

    fn count_new(&self, intake: &Intake<'_>) -> Result<Enqueued> {
        self.inner.count_new(intake)
    }
}
