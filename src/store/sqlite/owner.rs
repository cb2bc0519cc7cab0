//! owner: who claims. One for each start of a process, under a lease.
//!
//! Invariants:
//! - A claim's token has its owner's number above its lowest 40 bits, and in these how many claims the owner had made:
//!   so an item needs no second column to tell whose it is, and no two owners count in the same row. There is room for
//!   a start each minute for sixteen years, and for a thousand claims a second in each for thirty.
//! - The row is there as long as the lease is: it goes in the transaction that gives back what the owner had. Without
//!   it nothing can be claimed, and what is still finished under one of its tokens changes nothing.
//! - Without a time the lease lasts as long as the process: the file's lock ([`super::lock`]) says that no other one
//!   lives. So a process alone never renews it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params};

use super::chronicle::{Noted, note_with};
use super::pool::Pool;
use super::sql;
use crate::item::{Event, Timestamp};
use crate::store::{Entry, Result, StoreError};

/// The owner that a handle of the store is.
#[derive(Default)]
pub struct Owner {
    /// 0 before the first claim or start.
    id: AtomicI64,
    /// Held before the writer, and never asked for by whoever has that.
    making: Mutex<()>,
    /// That something came to a result is written down.
    any_result: AtomicBool,
}

/// One whose process has ended, or whose lease is over.
pub struct Over {
    pub id: i64,
    pub any_result: bool,
    pub ended_well: bool,
}

impl Owner {
    /// The next claims are those of another owner; what this one had is given back by `work`, which makes the new one
    /// in its transaction.
    pub fn begin<T>(&self, work: impl FnOnce(Option<i64>) -> Result<(i64, T)>) -> Result<T> {
        let _making = self.making.lock();
        let (new, answer) = work(self.current())?;
        self.id.store(new, Ordering::Release);
        self.any_result.store(false, Ordering::Release);
        Ok(answer)
    }

    /// The number of this one, if it is any.
    pub fn current(&self) -> Option<i64> {
        match self.id.load(Ordering::Acquire) {
            0 => None,
            id => Some(id),
        }
    }

    /// A token for a claim, in its transaction.
    ///
    /// # Errors
    /// `LeaseOver`.
    pub fn token(&self, tx: &Connection) -> Result<i64> {
        tx.prepare_cached(sql::CLAIM_TOKEN)?
            .query_row([self.current()], |row| row.get(0))
            .optional()?
            .ok_or(StoreError::LeaseOver)
    }

    /// Makes one, if there is none yet.
    pub fn ensure(&self, pool: &Pool) -> Result<()> {
        let _making = self.making.lock();
        if self.current().is_none() {
            let mut writer = pool.writer()?;
            let tx = writer.begin()?;
            let new = make(&tx)?;
            // What came to a result by this handle before it had claimed anything.
            if self.any_result.load(Ordering::Acquire) {
                tx.prepare_cached(sql::OWNER_RESULT)?.execute([new])?;
            }
            tx.commit()?;
            self.id.store(new, Ordering::Release);
        }
        Ok(())
    }

    pub fn renew(&self, pool: &Pool, until: Timestamp) -> Result<()> {
        self.ensure(pool)?;
        let mut writer = pool.writer()?;
        let tx = writer.begin()?;
        let renewed = tx
            .prepare_cached(sql::OWNER_RENEW)?
            .execute(params![self.current(), until])?;
        tx.commit()?;
        match renewed {
            0 => Err(StoreError::LeaseOver),
            _ => Ok(()),
        }
    }

    pub fn end_well(&self, pool: &Pool, now: Timestamp, noted: Noted) -> Result<()> {
        let Some(id) = self.current() else {
            return Ok(());
        };
        let mut writer = pool.writer()?;
        let tx = writer.begin()?;
        tx.prepare_cached(sql::OWNER_ENDED_WELL)?.execute([id])?;
        note_with(&tx, noted, &Entry::new(Event::Stopped, now))?;
        tx.commit()?;
        Ok(())
    }

    /// In the transaction of a result; whether it is to be told of its commit.
    pub fn first_result(&self, tx: &Connection) -> Result<bool> {
        let first = !self.any_result.load(Ordering::Acquire);
        if first {
            tx.prepare_cached(sql::OWNER_RESULT)?
                .execute([self.current()])?;
        }
        Ok(first)
    }

    /// What [`Owner::first_result`] wrote is committed.
    pub fn has_result(&self) {
        self.any_result.store(true, Ordering::Release);
    }
}

/// The number of a new one.
pub fn make(tx: &Connection) -> Result<i64> {
    Ok(tx
        .prepare_cached(sql::OWNER_MAKE)?
        .query_row([], |row| row.get(0))?)
}

/// The last one there is, asked while nobody else can make any: all up to it are of processes that have ended.
pub fn last(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row(sql::OWNER_LAST, [], |row| row.get(0))?)
}

/// Those of ended processes, `own`, and those whose lease ended by `now`.
pub fn over(tx: &Connection, ended: i64, own: Option<i64>, now: Timestamp) -> Result<Vec<Over>> {
    let mut over = tx.prepare_cached(sql::OWNER_OVER)?;
    let over = over.query_map(params![ended, own, now], |row| {
        Ok(Over {
            id: row.get(0)?,
            any_result: row.get(1)?,
            ended_well: row.get(2)?,
        })
    })?;
    Ok(over.collect::<rusqlite::Result<_>>()?)
}
