//! One process at a time works on a queue: a second Orthanc on the same file would take over the first one's claims and
//! send everything twice.
//!
//! Invariants:
//! - The lock is on a file of its own: a descriptor of the database that is opened and closed beside SQLite's would
//!   drop SQLite's own locks (POSIX).
//! - The system gives the lock back when the process ends, however it ends. The file stays; it means nothing by itself.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A process that is just ending, or a reload of the plugin, may hold it for a moment.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Held as long as the value lives.
pub struct Lock {
    _file: Option<File>,
}

/// Why the lock cannot be had.
#[derive(Debug)]
pub enum Refused {
    /// Another process has it.
    Taken,
    Io(std::io::Error),
}

/// The lock's file: the database's name with `-lock`.
pub fn path_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-lock");
    name.into()
}

/// Takes the lock of a database, waiting a little for one that is just being given back.
pub fn take(database: &Path) -> Result<Lock, Refused> {
    let path = path_of(database);
    let end = Instant::now() + PATIENCE;
    loop {
        match platform::try_lock(&path) {
            Ok(file) => return Ok(Lock { _file: Some(file) }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if Instant::now() >= end {
                    return Err(Refused::Taken);
                }
                std::thread::sleep(PAUSE);
            }
            // Some network file systems have no such locks: the queue works there as well, unguarded.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                log::warn!(
                    "{} cannot be locked on this file system: let only one Orthanc use it",
                    database.display()
                );
                return Ok(Lock { _file: None });
            }
            Err(error) => return Err(Refused::Io(error)),
        }
    }
}

#[cfg(unix)]
mod platform {
    use rustix::fs::{FlockOperation, flock};
    use std::fs::{File, OpenOptions};
    use std::path::Path;

    pub fn try_lock(path: &Path) -> std::io::Result<File> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(file)
    }
}

#[cfg(windows)]
mod platform {
    use std::fs::{File, OpenOptions};
    use std::io::{Error, ErrorKind};
    use std::os::windows::fs::OpenOptionsExt;
    use std::path::Path;

    /// `ERROR_SHARING_VIOLATION`.
    const SHARING_VIOLATION: i32 = 32;

    pub fn try_lock(path: &Path) -> std::io::Result<File> {
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .share_mode(0)
            .open(path);
        opened.map_err(|error| match error.raw_os_error() {
            Some(SHARING_VIOLATION) => Error::from(ErrorKind::WouldBlock),
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_given_back_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("queue.db");
        let first = take(&database).unwrap();
        assert!(matches!(take(&database), Err(Refused::Taken)));
        drop(first);
        assert!(take(&database).is_ok());
    }

    #[test]
    fn who_comes_while_it_is_given_back_waits() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("queue.db");
        let first = take(&database).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| take(&database).is_ok());
            drop(first);
            assert!(second.join().unwrap());
        });
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("missing").join("queue.db");
        assert!(matches!(take(&database), Err(Refused::Io(_))));
    }
}
