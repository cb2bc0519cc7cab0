//! What may lie where the database should be: refused in words, and left as it is.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::store::sqlite::{migrate, open};
use crate::store::{Cursor, Intake, Pick, StoreError};

/// Every file of the folder, with its content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap_or_default()))
        .collect()
}

/// Opening must fail, say all of `words`, and change nothing in the folder.
fn refused(path: &Path, words: &[&str]) {
    let before = contents(path.parent().unwrap());
    match SqliteStore::open(path) {
        Err(StoreError::Unusable(message, _)) => {
            assert!(message.contains(&path.display().to_string()), "{message}");
            for word in words {
                assert!(message.contains(word), "{message} does not say {word:?}");
            }
        }
        Err(other) => panic!("not Unusable: {other:?}"),
        Ok(_) => panic!("{} was opened", path.display()),
    }
    assert!(
        contents(path.parent().unwrap()) == before,
        "something was written"
    );
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    let folder = folder();
    let path = path(&folder);
    let cursor = Cursor {
        seq: 9,
        date: "20261120T235959".into(),
    };
    let store = SqliteStore::open(&path).unwrap();
    let created = store.created().unwrap();
    let items = [new_item("s", "a"), new_item("s", "b")];
    store
        .enqueue(
            &Intake::arrival(&items).up_to(Some(&cursor.clone().into())),
            at(0),
        )
        .unwrap();
    let first = store.claim("pacs", Pick::MostUrgent, 1).unwrap().unwrap();
    store.set_paused("pacs", true).unwrap();
    let counts = store.counts().unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.location(), path);
    assert_eq!(store.created().unwrap(), created);
    assert_eq!(store.cursor().unwrap(), Some(cursor));
    assert_eq!(store.counts().unwrap(), counts);
    assert!(store.destination("pacs").unwrap().unwrap().paused);
    let second = store.claim("pacs", Pick::MostUrgent, 1).unwrap().unwrap();
    assert!(second.token > first.token, "tokens go on after a restart");
    assert_eq!(store.release_running(at(3)).unwrap().released, 2);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let folder = folder();
    std::fs::write(path(&folder), b"").unwrap();
    SqliteStore::open(&path(&folder)).unwrap();
}

#[test]
fn a_start_that_died_at_its_first_step_is_taken_up() {
    let folder = folder();
    let conn = Connection::open(path(&folder)).unwrap();
    conn.pragma_update(None, "application_id", open::APPLICATION_ID)
        .unwrap();
    drop(conn);
    SqliteStore::open(&path(&folder)).unwrap();
}

#[test]
fn a_newer_version_is_refused() {
    let folder = folder();
    let path = path(&folder);
    drop(SqliteStore::open(&path).unwrap());
    let conn = Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let known = migrate::MIGRATIONS.len().to_string();
    refused(&path, &["99", &known, "newer version"]);
}

#[test]
fn a_newer_version_that_is_only_in_the_log_is_refused() {
    let folder = folder();
    let path = path(&folder);
    drop(SqliteStore::open(&path).unwrap());
    let conn = Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    // As a crash leaves it: the version is in the log, and not yet in the file.
    let copy = folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    let copied = copy.join("sendqueue.db");
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(&path), name(&copied)).unwrap();
    }
    let before = contents(&copy);
    assert!(matches!(
        SqliteStore::open(&copied),
        Err(StoreError::Unusable(..))
    ));
    let after = contents(&copy);
    for (file, content) in before {
        assert!(
            after.get(&file) == Some(&content),
            "{} changed",
            file.display()
        );
    }
}

#[test]
fn another_programs_database_is_refused() {
    let folder = folder();
    for (name, id) in [("none.db", 0), ("other.db", 0x1234_5678)] {
        let path = folder.path().join(name);
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "application_id", id).unwrap();
        conn.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);")
            .unwrap();
        drop(conn);
        refused(&path, &["another program"]);
    }
}

#[test]
fn another_programs_database_in_use_is_refused() {
    let folder = folder();
    let path = path(&folder);
    let conn = Connection::open(&path).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    conn.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);")
        .unwrap();
    refused(&path, &["another program"]);
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = folder();
    let path = path(&folder);
    for content in [&b"{ \"Not\": \"a database\" }"[..], &[0; 8192]] {
        std::fs::write(&path, content).unwrap();
        refused(&path, &["not a SQLite database"]);
    }
}

#[test]
fn a_damaged_database_is_refused() {
    let folder = folder();
    let path = path(&folder);
    drop(SqliteStore::open(&path).unwrap());
    let whole = std::fs::read(&path).unwrap();
    // Cut off behind the first page.
    std::fs::write(&path, &whole[..4096]).unwrap();
    match SqliteStore::open(&path) {
        Err(StoreError::Unusable(message, _)) => assert!(message.contains("damaged"), "{message}"),
        other => panic!("not refused: {:?}", other.err()),
    }
    assert!(std::fs::read(&path).unwrap() == whole[..4096]);
    // Its first page overwritten behind the header.
    let mut broken = whole.clone();
    broken[100..4096].fill(0xAA);
    std::fs::write(&path, &broken).unwrap();
    assert!(matches!(
        SqliteStore::open(&path),
        Err(StoreError::Unusable(..))
    ));
    assert!(std::fs::read(&path).unwrap() == broken);
}

#[test]
fn a_folder_in_its_place_is_refused() {
    let folder = folder();
    std::fs::create_dir(path(&folder)).unwrap();
    refused(&path(&folder), &["folder"]);
}

#[test]
fn a_missing_folder_is_refused_and_not_made() {
    let folder = folder();
    let path = folder.path().join("missing").join("sendqueue.db");
    match SqliteStore::open(&path) {
        Err(StoreError::Unusable(message, _)) => assert!(message.contains("folder"), "{message}"),
        other => panic!("not refused: {:?}", other.err()),
    }
    assert!(!folder.path().join("missing").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_refused() {
    // Not even root can make a file here.
    match SqliteStore::open(Path::new("/proc/sendqueue.db")) {
        Err(StoreError::Unusable(message, _)) => assert!(message.contains("written"), "{message}"),
        other => panic!("not refused: {:?}", other.err()),
    }
}

#[cfg(unix)]
#[test]
fn what_may_only_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = path(&folder);
    drop(SqliteStore::open(&path).unwrap());
    let allow = |file: &Path, mode| {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&path, 0o444);
    if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        // This user (root) may write to anything.
        return;
    }
    refused(&path, &["read-only"]);
    allow(&path, 0o644);
    allow(folder.path(), 0o555);
    refused(&path, &["written"]);
    refused(&folder.path().join("new.db"), &["written"]);
    allow(folder.path(), 0o755);
    SqliteStore::open(&path).unwrap();
}
