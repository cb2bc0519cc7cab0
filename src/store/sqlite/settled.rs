//! What must be on the disk before anything follows from it.
//!
//! Invariants:
//! - Who reads a row that was committed and not yet synced waits for its sync as the one who wrote it does.
//! - Callers at the same time share one sync; who reads what is on the disk already makes none, and takes no lock.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parking_lot::Mutex;

use super::disk::Disk;
use super::pool::Pool;
use crate::store::Result;

#[derive(Default)]
pub struct Settled {
    /// Such transactions so far. Raised before the commit, by the holder of the writer: whoever can see its rows can
    /// see this.
    written: AtomicU64,
    synced: AtomicU64,
    syncing: Mutex<()>,
    #[cfg(test)]
    pub syncs: AtomicU64,
}

impl Settled {
    /// To be said while the writer is held, before the commit.
    pub fn writes(&self) {
        self.written.fetch_add(1, SeqCst);
    }

    /// All that the caller has seen, or written, is on the disk.
    pub fn settle(&self, pool: &Pool, disk: &Disk) -> Result<()> {
        let asked = self.written.load(SeqCst);
        if self.synced.load(SeqCst) >= asked {
            return Ok(());
        }
        let _syncing = self.syncing.lock();
        if self.synced.load(SeqCst) >= asked {
            return Ok(());
        }
        let committed = {
            // Nobody is between the two.
            let _writer = pool.writer()?;
            self.written.load(SeqCst)
        };
        disk.sync()?;
        #[cfg(test)]
        self.syncs.fetch_add(1, SeqCst);
        self.synced.store(committed, SeqCst);
        Ok(())
    }
}
