//! One connection that writes, and a few that read.
//!
//! Invariants:
//! - Only the writer's connection writes, and only its holder uses it: SQLite's own lock is never
//!   contended by this process.
//! - Readers never wait for the writer (WAL), nor it for them.
//! - A panic while a connection is held costs that transaction and nothing else.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::open;
use crate::store::Result;

/// Readers that are kept open when no one uses them.
const IDLE_READERS: usize = 4;

pub struct Pool {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// The last owner of a process that has ended: all before it are such too.
    pub ended: i64,
    /// There may be suspects: only then are they looked for.
    pub suspects: AtomicBool,
    /// There may be outputs: only then is anything looked up among them.
    pub outputs: AtomicBool,
    /// Up to this position events are whole, and on the disk.
    pub readable: AtomicI64,
}

pub struct Writer<'a>(MutexGuard<'a, Connection>);

impl Writer<'_> {
    /// A transaction that has the write lock from its start; rolled back when it is dropped.
    pub fn begin(&mut self) -> Result<Transaction<'_>> {
        Ok(self
            .0
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

impl Deref for Writer<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

/// A reader on loan; returned when it is dropped.
pub struct Reader<'a> {
    pool: &'a Pool,
    conn: Option<Connection>,
}

impl Reader<'_> {
    /// A transaction, so that several statements see the same moment.
    pub fn snapshot(&mut self) -> Result<Transaction<'_>> {
        match &mut self.conn {
            Some(conn) => Ok(conn.transaction()?),
            None => Err(rusqlite::Error::InvalidQuery.into()),
        }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        // A panic may have left a statement or a transaction behind: such a connection is closed.
        if std::thread::panicking() {
            return;
        }
        let mut idle = self.pool.readers.lock();
        if idle.len() < IDLE_READERS {
            idle.extend(self.conn.take());
        }
    }
}

impl Pool {
    /// Moves the write-ahead log's pages into the database and gives its room back. Answers whether it could: where
    /// there is no room for that either, or a reader needs the log, it stays.
    pub fn empty_log(&self) -> bool {
        let writer = self.writer.lock();
        let busy = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, bool>(0)
        });
        if let Err(error) = &busy {
            log::debug!("the write-ahead log could not be emptied: {error}");
        }
        matches!(busy, Ok(false))
    }

    pub fn new(path: PathBuf, writer: Connection, ended: i64) -> Pool {
        Pool {
            path,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            ended,
            suspects: AtomicBool::default(),
            outputs: AtomicBool::default(),
            readable: AtomicI64::default(),
        }
    }

    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    pub fn writer(&self) -> Result<Writer<'_>> {
        let conn = self.writer.lock();
        if !conn.is_autocommit() {
            // Its last holder did not get as far as commit or rollback.
            conn.execute_batch("ROLLBACK")?;
        }
        Ok(Writer(conn))
    }

    pub fn reader(&self) -> Result<Reader<'_>> {
        let idle = self.readers.lock().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => open::reader(&self.path)?,
        };
        Ok(Reader {
            pool: self,
            conn: Some(conn),
        })
    }
}
