//! What may lie where the database should be: refused in words, and left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::store::sqlite::{migrate, open};
use crate::store::{Counts, Cursor, Intake, Pick, StoreError};

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
    store.set_paused("pacs", true, at(1)).unwrap();
    let counts = store.counts().unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.location(), path);
    assert_eq!(store.created().unwrap(), created);
    assert_eq!(store.cursor().unwrap(), Some(cursor));
    assert_eq!(store.counts().unwrap(), counts);
    let pacs = store.destination("pacs").unwrap().unwrap();
    assert_eq!(pacs.paused_since, Some(at(1)));
    let second = store.claim("pacs", Pick::MostUrgent, 1).unwrap().unwrap();
    assert!(second.token > first.token, "tokens go on after a restart");
    assert_eq!(store.begin(at(3)).unwrap().released, 2);
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

/// Of a build in which the version had another schema: a table, a column or an index is missing.
#[test]
fn an_older_schema_of_the_same_version_is_refused() {
    for change in [
        "DROP TABLE event",
        "DROP INDEX item_due",
        "ALTER TABLE destination RENAME COLUMN paused_since TO paused",
        // As version 3 had it for a while.
        "DROP TRIGGER follow_up_over; DROP TRIGGER follow_up_sent_again; DROP INDEX follow_up_sent;
         ALTER TABLE follow_up DROP COLUMN sent",
    ] {
        let folder = folder();
        drop(SqliteStore::open(&path(&folder)).unwrap());
        // As a process that was killed leaves it: the change is in the log alone.
        let conn = Connection::open(path(&folder)).unwrap();
        conn.execute_batch(change).unwrap();
        let log = folder.path().join("sendqueue.db-wal");
        let killed = [path(&folder), log].map(|file| (std::fs::read(&file).unwrap(), file));
        conn.close().unwrap();
        for (content, file) in &killed {
            std::fs::write(file, content).unwrap();
        }
        match SqliteStore::open(&path(&folder)) {
            Err(StoreError::Unusable(message, _)) => {
                assert!(message.contains("before 0.2.0"), "{message}");
            }
            other => panic!("{change}: {:?}", other.err()),
        }
        for (content, file) in killed {
            assert!(
                std::fs::read(&file).unwrap() == content,
                "{change}: {file:?}"
            );
        }
    }
    // What somebody has added is no matter of ours.
    let folder = folder();
    drop(SqliteStore::open(&path(&folder)).unwrap());
    let conn = Connection::open(path(&folder)).unwrap();
    conn.execute_batch("CREATE INDEX own ON item (patient); ANALYZE")
        .unwrap();
    conn.close().unwrap();
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

/// The columns that the sentence asks for, as they were before version 0.2.0.
const BEFORE: &str = "
    CREATE TABLE destination (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE item (
        id INTEGER PRIMARY KEY AUTOINCREMENT, destination INTEGER NOT NULL REFERENCES destination (id),
        state TEXT NOT NULL, instance TEXT NOT NULL, study TEXT NOT NULL) STRICT;
    INSERT INTO destination VALUES (1, 'pacs'), (2, 'archive');
    INSERT INTO item (destination, state, instance, study)
    VALUES (1, 'Success', 'a', 'sent'), (1, 'Cancelled', 'b', 'sent'), (1, 'Success', 'c', 'half'), (1, 'Retry', 'd', 'half'),
           (1, 'Pending', 'e', 'half'), (2, 'Failure', 'c', 'half'), (2, 'Scheduled', 'f', 'new'), (2, 'Running', 'g', 'new');";

#[test]
fn a_queue_of_before_the_first_release_is_refused_and_says_how_to_go_on() {
    let folder = folder();
    let path = path(&folder);
    let older = Connection::open(&path).unwrap();
    older
        .pragma_update(None, "application_id", open::BEFORE)
        .unwrap();
    older.pragma_update(None, "user_version", 4).unwrap();
    older.execute_batch(BEFORE).unwrap();
    drop(older);
    let words = ["before 0.2.0", "as it was", "-wal", "empty", open::NOT_SENT];
    refused(&path, &words);
    // What it says is done.
    let away = folder.path().join("away");
    std::fs::create_dir(&away).unwrap();
    std::fs::rename(&path, away.join("sendqueue.db")).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.counts().unwrap(), Counts::default());
    let older = Connection::open(away.join("sendqueue.db")).unwrap();
    let mut not_sent = older.prepare(open::NOT_SENT).unwrap();
    let named: BTreeSet<(String, String)> = not_sent
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let expected = [("half", "pacs"), ("half", "archive"), ("new", "archive")];
    assert_eq!(
        named,
        expected.map(|(study, to)| (study.into(), to.into())).into()
    );
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
