//! What is on the disk, and what room there is: syncing, checkpoints while nothing is written, what is given back, the
//! room that is kept.
//!
//! Invariants:
//! - Syncing never holds the writer: it goes over a descriptor of its own of the write-ahead log (which has no POSIX
//!   locks that closing it could drop). What was committed before is in the log, or was synced into the database by the
//!   checkpoint that made the log begin anew.
//! - A checkpoint of a log that took the last room of the disk needs room itself: the database grows. So some room is
//!   kept in a file beside it, and the database never grows by more than half of that between two checkpoints.
//! - What is pruned leaves pages free. They are given back in steps, by which the database only becomes smaller.
//! - The room is given up for such a checkpoint and for what a person does, and taken back afterwards: arrivals and
//!   results do not eat it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::Connection;

use super::open;
use super::pool::Pool;
use crate::item::system::words;
use crate::store::{Result, StoreError};

/// The database is brought up to date when nothing was written for so long, and at least so often while something is.
const QUIET: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(60);

/// Room that is kept, in bytes; on a small disk a share of it.
const ROOM: u64 = 8 << 20;
const SHARE: u64 = 8;

/// Pages of the database that are free and stay so: 4 MB, or a share of all of them.
const SPARE_PAGES: i64 = 1024;
const SPARE_SHARE: i64 = 8;
/// Pages that are given back at a time.
const STEP_PAGES: i64 = 512;

pub struct Disk {
    log: File,
    room: PathBuf,
    /// Bytes that the room should have.
    wanted: u64,
    /// Held while the room is given up, so that two do not do it at once.
    giving: Mutex<()>,
    watch: Mutex<Watch>,
}

/// What the checkpoints know of the writes.
struct Watch {
    /// Its own connection, since `PRAGMA data_version` tells of the others' commits.
    conn: Connection,
    seen: i64,
    since: Instant,
    /// The version that the database file is at.
    done: Option<i64>,
    last: Instant,
}

/// A file beside the database: its name with `suffix`.
pub fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Disk {
    /// Of a database that is open, so that its log is there.
    pub fn of(pool: &Pool) -> Result<Disk> {
        let database = pool.path();
        let log = OpenOptions::new()
            .read(true)
            .write(true)
            .open(beside(database, "-wal"))
            .map_err(other)?;
        log.sync_data().map_err(other)?;
        sync_folder(database);
        let now = Instant::now();
        let disk = Disk {
            log,
            room: beside(database, "-room"),
            wanted: ROOM.min(space(database).map_or(ROOM, |(all, _)| all / SHARE)),
            giving: Mutex::new(()),
            watch: Mutex::new(Watch {
                conn: open::reader(database)?,
                seen: 0,
                since: now,
                done: None,
                last: now,
            }),
        };
        disk.take_room();
        Ok(disk)
    }

    /// Everything that was committed before is on the disk when this returns.
    pub fn sync(&self) -> Result<()> {
        self.log.sync_data().map_err(other)
    }

    /// Moves what is in the log into the database while nothing is written, so that the file alone is not empty, or a
    /// minute after the last time. Over a connection of its own: neither readers nor the writer wait.
    pub fn checkpoint_when_quiet(&self) -> Result<()> {
        self.take_room();
        let mut watch = self.watch.lock();
        let now = Instant::now();
        let version = watch
            .conn
            .query_row("PRAGMA data_version", [], |row| row.get(0))?;
        if version != watch.seen {
            watch.seen = version;
            watch.since = now;
        }
        let is_time = now - watch.since >= QUIET || now - watch.last >= LONGEST;
        if watch.done == Some(version) || !is_time {
            return Ok(());
        }
        let (left, pages, moved) = watch.conn.query_row(
            "PRAGMA wal_checkpoint(PASSIVE)",
            [],
            |row| -> rusqlite::Result<(i64, i64, i64)> {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            },
        )?;
        watch.last = now;
        if left == 0 && pages == moved {
            watch.done = Some(version);
        }
        Ok(())
    }

    /// Gives what pruned items left back to the file system, a small step at a time, so that nobody waits for long.
    /// Some is kept for what comes next.
    pub fn shrink(&self, pool: &Pool) -> Result<()> {
        let writer = pool.writer()?;
        let number = |name: &str| writer.query_row(name, [], |row| row.get::<_, i64>(0));
        let (free, all) = (
            number("PRAGMA freelist_count")?,
            number("PRAGMA page_count")?,
        );
        let step = (free - SPARE_PAGES.max(all / SPARE_SHARE)).min(STEP_PAGES);
        if step > 0 {
            // A row for each page that is given back.
            let mut pages = writer.prepare(&format!("PRAGMA incremental_vacuum({step})"))?;
            let mut rows = pages.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(())
    }

    /// Before the database grows: what it grew by since the last checkpoint always fits into the room that is kept.
    pub fn bound_growth(&self, pool: &Pool) -> Result<()> {
        let writer = pool.writer()?;
        let pragma = |name: &str| -> Result<u64> {
            Ok(writer
                .prepare_cached(name)?
                .query_row([], |row| row.get::<_, i64>(0))?
                .unsigned_abs())
        };
        let bytes = pragma("PRAGMA page_count")? * pragma("PRAGMA page_size")?;
        let there = std::fs::metadata(pool.path()).map_or(bytes, |file| file.len());
        if bytes.saturating_sub(there) > self.wanted / 2 {
            writer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// On a full disk: the log may be what fills it, so its pages go to where they belong, if need be into the room
    /// that is kept, and `work` is tried once more. What a person asked for may have that room itself.
    pub fn make_room<T>(
        &self,
        pool: &Pool,
        for_person: bool,
        work: impl Fn() -> Result<T>,
    ) -> Result<T> {
        let _giving = self.giving.lock();
        let had = self.kept();
        if !pool.empty_log() {
            give_room(pool.path());
            pool.empty_log();
            if !for_person {
                self.keep(had);
            }
        }
        let mut result = work();
        if for_person {
            if matches!(result, Err(StoreError::Full(_))) {
                give_room(pool.path());
                result = work();
            }
            self.keep(had);
        }
        result
    }

    /// Keeps room, if it is not kept already. Best effort: without it only a full disk is harder to leave.
    fn take_room(&self) {
        let _giving = self.giving.lock();
        let kept = self.kept();
        if kept < self.wanted {
            // Of a disk that is nearly full, half of what is left is the others'.
            let fair = space(&self.room).map_or(self.wanted, |(_, free)| (kept + free) / 2);
            self.keep(self.wanted.min(fair));
        }
    }

    /// Bytes of the room now.
    fn kept(&self) -> u64 {
        std::fs::metadata(&self.room).map_or(0, |file| file.len())
    }

    /// Makes the room this large, as far as the disk allows.
    fn keep(&self, bytes: u64) {
        match write_room(&self.room, bytes.saturating_sub(self.kept())) {
            Err(error) if error.kind() != ErrorKind::StorageFull => {
                log::debug!("room cannot be kept in {}: {error}", self.room.display());
            }
            _ => {}
        }
    }
}

/// Gives the room up; before the database is opened too, since that takes some on a full disk.
pub fn give_room(database: &Path) {
    if let Err(error) = std::fs::remove_file(beside(database, "-room")) {
        log::debug!("no room was kept: {error}");
    }
}

/// Written, and not only made long: a file with a hole keeps nothing.
fn write_room(path: &Path, bytes: u64) -> std::io::Result<()> {
    static BLOCK: [u8; 64 << 10] = [0; 64 << 10];
    if bytes == 0 {
        return Ok(());
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let mut left = bytes;
    while left > 0 {
        let length = left.min(BLOCK.len() as u64);
        file.write_all(&BLOCK[..length as usize])?;
        left -= length;
    }
    Ok(())
}

fn other(error: std::io::Error) -> StoreError {
    let error = std::io::Error::new(error.kind(), words(&error));
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Full(Box::new(error)),
        _ => StoreError::Other(Box::new(error)),
    }
}

/// The names of the files survive too. Best effort: not every system lets a folder be synced.
fn sync_folder(database: &Path) {
    let folder = folder_of(database);
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        log::debug!("{} cannot be synced: {error}", folder.display());
    }
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Bytes of the disk and what is free of it, at a folder; `None` where the system does not tell.
#[cfg(unix)]
fn space(file: &Path) -> Option<(u64, u64)> {
    let found = rustix::fs::statvfs(folder_of(file)).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some((bytes(found.f_blocks), bytes(found.f_bavail)))
}

#[cfg(not(unix))]
fn space(_file: &Path) -> Option<(u64, u64)> {
    None
}
