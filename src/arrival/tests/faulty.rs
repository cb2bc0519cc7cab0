//! The real store, with faults in what arrival calls.

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
    /// A panic before anything is written, and one after the commit.
    Panics,
    PanicsWritten,
}

pub struct Faulty {
    pub inner: SqliteStore,
    pub made: Timestamp,
    fault: Mutex<Option<Fault>>,
}

impl Faulty {
    pub fn new(store: SqliteStore, made: Timestamp) -> Faulty {
        Faulty {
            inner: store,
            made,
            fault: Mutex::new(None),
        }
    }

    pub fn set(&self, fault: Option<Fault>) {
        *self.fault.lock() = fault;
    }
}

impl Faulty {
    fn before(&self, _call: &str) -> Result<()> {
        Ok(())
    }
}

pass_on!(Claims for Faulty);
pass_on!(Studies for Faulty);
pass_on!(Desk for Faulty);
pass_on!(Book for Faulty);
pass_on!(Upkeep for Faulty);

impl Journal for Faulty {
    fn created(&self) -> Result<Timestamp> {
        Ok(self.made)
    }

    fn enqueue(&self, intake: &Intake<'_>, now: Timestamp) -> Result<Enqueued> {
        let fault = *self.fault.lock();
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
