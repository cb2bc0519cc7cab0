//! Opening the file: what it must be, and how SQLite is set up.
//!
//! Invariants:
//! - A file that is not ours is refused before SQLite sees it: nothing in it or beside it changes.
//! - Each refusal names the file, what was found and what to do.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::lock::{self, Lock, Refused};
use super::migrate::{self, MIGRATIONS};
use crate::item::system::words;
use crate::store::{Cause, Result, StoreError};

/// "OSQ2": marks the file as a queue's.
pub const APPLICATION_ID: i32 = 0x4F53_5132;

/// "OSQ1": a queue's from before version 0.2.0, whose schema changed without a way to bring it up to date.
pub const BEFORE: i32 = 0x4F53_5131;

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The first bytes of every SQLite database, then the offsets of what is read here
/// (<https://www.sqlite.org/fileformat2.html>, 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const USER_VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;
const HEADER_LENGTH: usize = 100;

fn sentence(path: &Path, what: impl std::fmt::Display) -> String {
    format!("the queue's database {}: {what}", path.display())
}

fn unusable(path: &Path, what: impl std::fmt::Display) -> StoreError {
    StoreError::Unusable(sentence(path, what), None)
}

/// The same, found out by an error, which `what` has in its words.
fn unusable_by(path: &Path, what: impl std::fmt::Display, cause: impl Into<Cause>) -> StoreError {
    StoreError::Unusable(sentence(path, what), Some(cause.into()))
}

fn newer(path: &Path, found: i64, known: i64) -> StoreError {
    unusable(
        path,
        format!(
            "it has version {found} of the schema, made by a newer version of this plugin, or by a build between two \
             versions; this one knows up to {known}. Install that version again, or set SendQueue.Database to another \
             file"
        ),
    )
}

/// Of a queue from before version 0.2.0: the studies that are not wholly sent, and to where.
pub const NOT_SENT: &str = "SELECT DISTINCT study, name FROM item i JOIN destination d ON d.id = i.destination \
     WHERE state NOT IN ('Success', 'Cancelled')";

/// Of a queue from before version 0.2.0: how to go on without losing what waits in it.
fn before(path: &Path) -> StoreError {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    unusable(
        path,
        format!(
            "it was made by a version before 0.2.0, or by a build between two versions, or somebody has changed its \
             schema, and it cannot be read by this version; it is as it was. Move it, with {name}-wal \
             and {name}-shm, to another folder and start Orthanc again: the queue begins empty. Then, in that folder, \
             sqlite3 {name} \"{NOT_SENT}\" names each study that was not wholly sent, and its destination: queue it again \
             with sendqueuectl enqueue STUDY --to DESTINATION, or POST /sendqueue/items"
        ),
    )
}

/// The right to be the one process that works on this database. What is no queue of ours is refused first, so that no
/// lock is left beside it.
pub fn lock(path: &Path) -> Result<Lock> {
    inspect(path, migrate::newest(released()))?;
    lock::take(path).map_err(|refused| match refused {
        Refused::Taken => unusable(
            path,
            "another process works on it; stop that Orthanc, or set SendQueue.Database to another file",
        ),
        Refused::Io(error) => unusable_by(
            path,
            format!(
                "{} cannot be written ({}); let the user that runs Orthanc write to that folder",
                lock::path_of(path).display(),
                words(&error)
            ),
            error,
        ),
    })
}

/// The writer's connection to a database of the newest version, made if there is none.
pub fn writer(path: &Path, migrations: &[&str]) -> Result<Connection> {
    let fresh = inspect(path, migrate::newest(migrations))?;
    let result = connect_and_migrate(path, fresh, migrations);
    result.map_err(|error| explain(path, error))
}

/// A connection that only reads.
pub fn reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    stable_plans(&conn)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -4096)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// A plan does not depend on the values that are bound. Otherwise SQLite plans a statement anew each
/// time another value is bound to it (measured: more than half of a claim of a single item).
fn stable_plans(conn: &Connection) -> Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Looks at the file without SQLite, which might recover, checkpoint or lock it.
/// Answers whether there is nothing yet.
fn inspect(path: &Path, known: i64) -> Result<bool> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(unusable(
                path,
                "it is a folder; SendQueue.Database must name a file",
            ));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return match path.parent() {
                Some(folder) if folder.as_os_str().is_empty() || folder.is_dir() => Ok(true),
                _ => Err(unusable(
                    path,
                    "its folder does not exist; make it, or change SendQueue.Database",
                )),
            };
        }
        Err(error) => {
            let what = format!("cannot be looked at: {error}");
            return Err(unusable_by(path, what, error));
        }
    }
    let mut header = Vec::with_capacity(HEADER_LENGTH);
    File::open(path)
        .and_then(|file| file.take(HEADER_LENGTH as u64).read_to_end(&mut header))
        .map_err(|error| unusable_by(path, format!("cannot be read: {}", words(&error)), error))?;
    if header.is_empty() {
        return Ok(true);
    }
    if header.len() < HEADER_LENGTH || !header.starts_with(MAGIC) {
        return Err(unusable(
            path,
            "it is not a SQLite database; move it away, or set SendQueue.Database to another file",
        ));
    }
    let found = number(&header, APPLICATION_ID_AT);
    if found == BEFORE {
        return Err(before(path));
    }
    if found != APPLICATION_ID {
        return Err(unusable(
            path,
            format!(
                "it is a SQLite database of another program (application id {found:#010x}, not \
                 {APPLICATION_ID:#010x}); set SendQueue.Database to a file of the queue's own"
            ),
        ));
    }
    let version = i64::from(number(&header, USER_VERSION_AT));
    if version > known {
        return Err(newer(path, version, known));
    }
    Ok(false)
}

fn number(header: &[u8], at: usize) -> i32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&header[at..at + 4]);
    i32::from_be_bytes(bytes)
}

fn connect_and_migrate(path: &Path, fresh: bool, migrations: &[&str]) -> Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if fresh {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // SQLite falls back to reading only, silently, where the file is protected.
    if conn.is_readonly("main")? {
        return Err(unusable(
            path,
            "it is read-only; let the user that runs Orthanc write to it and to its folder",
        ));
    }
    if fresh {
        // Pages of 4096 bytes, as SQLite has it: smaller ones would write less (measured: 9 kB instead of 31 kB for
        // each delivered instance with 1024), but share a sector of the disk, and a power cut while one of them is
        // moved into the file may then damage others that the log does not have.
        // What pruned items leave is given back to the disk, in steps (disk.rs); to be said before there is anything in
        // it.
        conn.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        // Alone, and before WAL: it is in the file itself from the first moment.
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    } else {
        // The header lags behind what is in the WAL. Closing must not fold that in, in case it
        // is a newer program's.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let version = migrate::version(&conn)?;
        if version > migrate::newest(migrations) {
            return Err(newer(path, version, migrate::newest(migrations)));
        }
        if !migrate::is_whole(&conn, migrations)? {
            return Err(before(path));
        }
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(unusable(
            path,
            "its folder does not support shared memory (a network share?); put it on a local disk",
        ));
    }
    // In WAL mode NORMAL survives a crash of the process; a power cut may cost the last moments,
    // which reconciliation finds again.
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    stable_plans(&conn)?;
    // No temporary files: they would need room, and a folder, of their own.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -32_768)?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.set_prepared_statement_cache_capacity(128);
    migrate::migrate(&mut conn, migrations)?;
    Ok(conn)
}

/// What went wrong while opening, as an administrator has to read it.
fn explain(path: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::Corrupt(why) => unusable_by(
            path,
            format!(
                "it is damaged ({why}); restore it from a backup, or move it away to begin anew"
            ),
            why,
        ),
        StoreError::Other(source) => {
            let code = source
                .downcast_ref::<rusqlite::Error>()
                .and_then(rusqlite::Error::sqlite_error_code);
            match code {
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                    unusable_by(
                        path,
                        format!(
                            "it cannot be written ({source}); let the user that runs Orthanc write to \
                         it and to its folder"
                        ),
                        source,
                    )
                }
                _ => StoreError::Other(source),
            }
        }
        other => other,
    }
}

/// The migrations of this version; tests pass others to [`writer`].
pub fn released() -> &'static [&'static str] {
    MIGRATIONS
}
