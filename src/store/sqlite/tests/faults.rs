//! A full disk, a lock, a panic, a kill: nothing is half written, and it works again afterwards.

use std::process::{Command, Stdio};
use std::sync::Arc;

use rusqlite::Connection;

use super::*;
use crate::item::{Class, Outcome, State};
use crate::store::{
    Among, AttemptMade, Cursor, Ending, Filter, Finish, Intake, Operation, Page, Pick, StoreError,
    Sweep,
};

impl SqliteStore {
    /// Lets the database grow by no more than `pages`, as on a full disk; `None`: without end.
    pub(super) fn limit_growth(&self, pages: Option<i64>) {
        let writer = self.pool.writer().unwrap();
        let now: i64 = writer
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        let max = pages.map_or(i64::from(i32::MAX), |pages| now + pages);
        writer
            .pragma_update_and_check(None, "max_page_count", max, |_| Ok(()))
            .unwrap();
    }
}

fn items(count: usize) -> Vec<NewItem> {
    (0..count)
        .map(|number| new_item("s", &format!("instance {number}")))
        .collect()
}

fn cursor(seq: i64) -> Cursor {
    Cursor {
        seq,
        date: String::new(),
    }
}

#[test]
fn a_full_disk_writes_nothing_and_passes() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let enqueue = |items: &[NewItem], seq| {
        store.enqueue(
            &Intake::arrival(items).up_to(Some(&cursor(seq).into())),
            at(0),
        )
    };
    enqueue(&items(5), 1).unwrap();
    store.limit_growth(Some(3));
    let full = enqueue(&items(500), 2);
    assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
    assert_eq!(store.counts().unwrap().open(), 5);
    assert_eq!(store.cursor().unwrap(), Some(cursor(1)));
    // What needs no room goes on.
    let claim = store.claim("pacs", Pick::MostUrgent, 5).unwrap().unwrap();
    assert_eq!(claim.items.len(), 5);
    store.limit_growth(None);
    assert_eq!(enqueue(&items(500), 2).unwrap().enqueued, 500);
    assert_eq!(store.cursor().unwrap(), Some(cursor(2)));
    let complete = |id| Finish {
        id,
        ending: Ending::Complete(AttemptMade {
            started: at(1),
            duration_us: 1,
            outcome: Outcome::new(Class::Success, "x".repeat(4000)),
            counted: true,
            sent_as: None,
            altered: Some(false),
            confirm: None,
        }),
    };
    let results: Vec<Finish> = claim.items.iter().map(|item| complete(item.id)).collect();
    store.limit_growth(Some(2));
    let full = store.finish(claim.token, &results, at(2));
    assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
    assert_eq!(store.counts().unwrap().get(State::Running), 5);
    store.limit_growth(None);
    assert_eq!(store.finish(claim.token, &results, at(2)).unwrap(), 5);
    store.check_writable().unwrap();
}

#[test]
fn a_fault_is_known_though_small_writes_succeed() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.limit_growth(Some(3));
    assert_eq!(store.fault(), None);
    for _ in 0..3 {
        let full = store.enqueue(&Intake::arrival(&items(500)), at(0));
        assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
        store.check_writable().unwrap();
        let fault = store.fault().expect("it is known");
        assert!(fault.error.contains("full"), "{fault:?}");
    }
    store.limit_growth(None);
    let is_over = || {
        store.tidy().unwrap();
        store.fault().is_none()
    };
    assert!(
        eventually(is_over),
        "its end is noticed though nothing is written"
    );
}

#[test]
fn what_finds_nothing_to_do_ends_no_fault() {
    let folder = folder();
    let mut store = SqliteStore::open(&path(&folder)).unwrap();
    store.faults = super::super::faults::Faults::new(std::time::Duration::ZERO).into();
    let writer = store.pool.writer().unwrap();
    writer.busy_timeout(std::time::Duration::ZERO).unwrap();
    drop(writer);
    let other = Connection::open(path(&folder)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = store.enqueue(&Intake::arrival(&items(1)), at(0));
    assert!(matches!(locked, Err(StoreError::Locked(_))), "{locked:?}");
    let nothing = store.claim("pacs", Pick::MostUrgent, 1).unwrap();
    assert!(nothing.is_none());
    assert!(store.promote(at(1), 10).unwrap().is_empty());
    assert!(store.fault().is_some(), "nothing was written since");
    other.execute_batch("ROLLBACK").unwrap();
    store.tidy().unwrap();
    assert_eq!(store.fault(), None);
}

#[test]
fn at_rest_the_file_alone_is_whole() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.enqueue(&Intake::arrival(&items(400)), at(0)).unwrap();
    let copy = folder.path().join("copy.db");
    let is_whole = || {
        store.tidy().unwrap();
        std::fs::copy(path(&folder), &copy).unwrap();
        let copied = Connection::open(&copy).unwrap();
        let count = copied.query_row("SELECT count(*) FROM item", [], |row| row.get::<_, i64>(0));
        count.is_ok_and(|count| count == 400)
    };
    assert!(eventually(is_whole));
    // And once it is, nothing is done any more.
    let log = std::fs::metadata(super::super::disk::beside(&path(&folder), "-wal")).unwrap();
    store.tidy().unwrap();
    let again = std::fs::metadata(super::super::disk::beside(&path(&folder), "-wal")).unwrap();
    assert_eq!(log.modified().unwrap(), again.modified().unwrap());
}

/// What has been done to the log since the last checkpoint always fits into the room that is kept.
#[test]
fn the_database_grows_in_bounds_between_checkpoints() {
    let folder = folder();
    let path = path(&folder);
    let store = SqliteStore::open(&path).unwrap();
    let room = std::fs::metadata(super::super::disk::beside(&path, "-room")).unwrap();
    for batch in 0..40 {
        let items: Vec<NewItem> = (0..500)
            .map(|number| new_item("s", &format!("instance {batch} {number}")))
            .collect();
        store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
        let pages: u64 = store
            .pool
            .writer()
            .unwrap()
            .query_row(
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                [],
                |row| row.get::<_, i64>(0),
            )
            .unwrap()
            .unsigned_abs();
        let there = std::fs::metadata(&path).unwrap().len();
        assert!(
            pages - there < room.len(),
            "{pages} bytes, {there} of them in the file"
        );
    }
}

/// Waits for a condition.
fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while std::time::Instant::now() < end {
        if condition() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    false
}

#[test]
fn another_process_lock_is_told_and_passes() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.enqueue(&Intake::arrival(&items(1)), at(0)).unwrap();
    // The busy timeout itself is not what is tested.
    let impatient = |store: &SqliteStore| {
        let writer = store.pool.writer().unwrap();
        writer.busy_timeout(std::time::Duration::ZERO).unwrap();
    };
    impatient(&store);
    let other = Connection::open(path(&folder)).unwrap();
    for begin in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        other.execute_batch(begin).unwrap();
        let locked = [
            store.enqueue(&Intake::arrival(&items(2)), at(0)).err(),
            store.claim("pacs", Pick::MostUrgent, 1).err(),
            store.check_writable().err(),
            store.cancel(1, at(1)).err(),
        ];
        for error in locked {
            assert!(matches!(error, Some(StoreError::Locked(_))), "{error:?}");
        }
        assert_eq!(store.counts().unwrap().open(), 1, "reading goes on");
        other.execute_batch("ROLLBACK").unwrap();
        store.check_writable().unwrap();
    }
    let answer = store.enqueue(&Intake::arrival(&items(2)), at(0));
    assert_eq!(answer.unwrap().enqueued, 1);
}

#[test]
fn a_panic_in_a_transaction_costs_that_transaction_only() {
    let folder = folder();
    let store = Arc::new(SqliteStore::open(&path(&folder)).unwrap());
    let theirs = Arc::clone(&store);
    let panicked = std::thread::spawn(move || {
        let writer = theirs.pool.writer().unwrap();
        // No guard rolls this back: the next holder of the writer has to.
        writer
            .execute_batch("BEGIN IMMEDIATE; INSERT INTO destination (name) VALUES ('half')")
            .unwrap();
        panic!("a fault of our own, for the test");
    })
    .join();
    assert!(panicked.is_err());
    assert!(store.destination("half").unwrap().is_none());
    store.enqueue(&Intake::arrival(&items(1)), at(0)).unwrap();
    assert!(store.destination("half").unwrap().is_none());
    assert_eq!(store.counts().unwrap().open(), 1);
}

#[test]
fn a_word_of_no_meaning_is_damage() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.enqueue(&Intake::arrival(&items(1)), at(0)).unwrap();
    let other = Connection::open(path(&folder)).unwrap();
    other
        .execute_batch("PRAGMA ignore_check_constraints = 1; UPDATE item SET class = 'Odd'")
        .unwrap();
    let read = store.item(1);
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
}

#[test]
fn the_schema_refuses_what_the_words_forbid() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.enqueue(&Intake::arrival(&items(1)), at(0)).unwrap();
    let other = Connection::open(path(&folder)).unwrap();
    for change in [
        "state = 'Running'",
        "claim = 1",
        "state = 'Success'",
        "completed = 1",
        "state = 'Failure', completed = 1",
        "state = 'Retry'",
        "next_attempt = 1",
        "priority = 4",
        "dimse_status = 65536",
        "size_bytes = -1",
        "state = NULL",
    ] {
        let changed = other.execute(&format!("UPDATE item SET {change}"), []);
        assert!(changed.is_err(), "{change} was allowed");
    }
    // Of a word that is added later it says nothing: so none needs the table to be made anew.
    for change in [
        "priority = 3",
        "class = 'Added'",
        "state = 'Added', claim = 1",
        "completed = 1",
    ] {
        let changed = other.execute(&format!("UPDATE item SET {change}"), []);
        assert_eq!(changed.unwrap(), 1, "{change}");
    }
}

#[test]
fn readers_and_workers_share_the_store() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.enqueue(&Intake::arrival(&items(200)), at(0)).unwrap();
    let delivered: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut delivered = 0;
                    while let Some(claim) = store.claim("pacs", Pick::MostUrgent, 7).unwrap() {
                        delivered += claim.items.len();
                        for item in &claim.items {
                            store.cancel(item.id, at(2)).unwrap();
                        }
                    }
                    delivered
                })
            })
            .collect();
        for _ in 0..50 {
            let items = store
                .items(&Filter::default(), Page::after(0, 1000))
                .unwrap();
            assert_eq!(items.len(), 200);
        }
        workers.into_iter().map(|w| w.join().unwrap()).sum()
    });
    assert_eq!(delivered, 200, "each item was claimed once");
}

/// Set in the child of the test below: the database that it writes to until it is killed.
const VICTIM: &str = "SENDQUEUE_TEST_VICTIM";

/// Not a test of its own: enqueues without end, and tells of each transaction once it is done.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM) else {
        return;
    };
    let store = SqliteStore::open(&PathBuf::from(path)).unwrap();
    for seq in 1.. {
        let batch: Vec<NewItem> = (0..3)
            .map(|number| new_item("s", &format!("{seq}-{number}")))
            .collect();
        store
            .enqueue(
                &Intake::arrival(&batch).up_to(Some(&cursor(seq).into())),
                at(0),
            )
            .unwrap();
        println!("\ndone {seq}");
    }
}

#[test]
fn what_was_answered_survives_a_kill() {
    use std::io::{BufRead, BufReader};
    let folder = folder();
    let path = path(&folder);
    let mut told = 0;
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::sqlite::tests::faults::victim",
                "--nocapture",
            ])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < 20 * round {
            let line = lines.next().expect("the child goes on").unwrap();
            if let Some(seq) = line.strip_prefix("done ") {
                seen = seq.parse().unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        told = told.max(seen);
        let store = SqliteStore::open(&path).unwrap();
        let seq = store.cursor().unwrap().unwrap().seq;
        assert!(seq >= seen, "what was told is there");
        let made = store.counts().unwrap().open();
        assert_eq!(made as i64 % 3, 0, "a transaction is whole or not at all");
        assert!(
            made as i64 >= 3 * told,
            "{made} items after transaction {told}"
        );
    }
}

#[test]
fn what_was_removed_is_given_back_to_the_disk() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let pages = || {
        let writer = store.pool.writer().unwrap();
        let number = |name: &str| {
            writer
                .query_row(name, [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        (number("PRAGMA page_count"), number("PRAGMA freelist_count"))
    };
    let mut long = items(4000);
    for item in &mut long {
        item.failed = Some(Outcome::new(Class::Rejected, "x".repeat(4000)));
    }
    store.enqueue(&Intake::arrival(&long), at(0)).unwrap();
    let full = pages().0;
    let purged = store.operate(&Sweep {
        operation: &Operation::Remove,
        among: Among::Failures,
        filter: &Filter::default(),
        now: at(1),
        expires: &|_| None,
        dry_run: false,
        at_most: None,
        goes_on: &|| true,
    });
    assert_eq!(purged.unwrap().done, 4000);
    let (before, free) = pages();
    assert!(
        before >= full && free > full / 2,
        "{before} pages, {free} of them free"
    );
    let steps = (0..1000).take_while(|_| {
        let known = pages();
        store.tidy().unwrap();
        assert!(known.0 - pages().0 <= 520, "a small step");
        pages() != known
    });
    assert!(steps.count() > 1);
    let (after, free) = pages();
    assert!(
        free <= 1024.max(after / 8),
        "{after} pages, {free} of them free"
    );
    store.pool.empty_log();
    let bytes = std::fs::metadata(path(&folder)).unwrap().len();
    assert_eq!(bytes, 4096 * after.unsigned_abs(), "the file too");
    let whole: String = store
        .pool
        .writer()
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
}
