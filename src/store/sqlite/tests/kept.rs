//! What is kept for ever, whatever ends the one who writes it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::panic::AssertUnwindSafe;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering::SeqCst;

use super::*;
use crate::store::{Decisions, Outputs, StoreError};

fn issue(store: &SqliteStore, study: &str) -> crate::store::Result<u64> {
    store.issue_serial("s", study, 1, at(0))
}

/// Each number from 1 on, once.
fn assert_whole(store: &SqliteStore) -> BTreeMap<String, u64> {
    let given = store.serials("s", None, 0, 1_000_000).unwrap();
    for (expected, one) in (1..).zip(&given) {
        assert_eq!(one.number, expected);
    }
    given
        .into_iter()
        .map(|one| (one.study_uid, one.number))
        .collect()
}

/// Set in the child of the test below: the database that it writes to until it is killed.
const VICTIM: &str = "SENDQUEUE_TEST_GIVER";

/// Not a test of its own: several threads give numbers without end, and tell of each once it is given.
#[test]
fn giver() {
    let Some(path) = std::env::var_os(VICTIM) else {
        return;
    };
    let store = SqliteStore::open(&PathBuf::from(path)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let store = &store;
            scope.spawn(move || {
                for study in 0.. {
                    // Two of them for the same studies.
                    let study = format!("1.{}.{study}", thread / 2);
                    let number = issue(store, &study).unwrap();
                    println!("\ndone {study} {number}");
                }
            });
        }
    });
}

#[test]
fn a_number_that_was_told_is_that_studys_after_a_kill_and_none_is_left_out() {
    let folder = folder();
    let path = path(&folder);
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for round in 1..=4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::sqlite::tests::kept::giver",
                "--nocapture",
            ])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < 60 * round {
            let line = lines.next().expect("the child goes on").unwrap();
            let Some((study, number)) = line
                .strip_prefix("done ")
                .and_then(|line| line.split_once(' '))
            else {
                continue;
            };
            let number = number.parse().unwrap();
            let known = told.insert(study.to_owned(), number);
            assert!(known.is_none_or(|known| known == number), "{study}");
            seen += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = SqliteStore::open(&path).unwrap();
        let given = assert_whole(&store);
        for (study, number) in &told {
            assert_eq!(given.get(study), Some(number), "{study}");
        }
    }
}

#[test]
fn on_a_full_disk_no_number_is_given_and_none_is_lost() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    issue(&store, "first").unwrap();
    store.limit_growth(Some(0));
    let mut given = 1;
    let full = loop {
        match issue(&store, &format!("1.{given}{}", "0".repeat(50))) {
            Ok(number) => {
                given += 1;
                assert_eq!(number, given);
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    let found = BTreeMap::from([("key".to_owned(), "x".repeat(9000))]);
    let full = store.decide("sites", "1.2", &found, at(0));
    assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
    assert!(store.decided("sites", "1.2").unwrap().is_empty());
    // What was given is known all the same.
    assert_eq!(issue(&store, "first").unwrap(), 1);
    store.limit_growth(None);
    assert_eq!(issue(&store, "last").unwrap(), given + 1);
    assert_eq!(assert_whole(&store).len() as u64, given + 1);
}

#[test]
fn a_panic_gives_no_number() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    issue(&store, "first").unwrap();
    let panics = AssertUnwindSafe(|| {
        store.settled(|tx| -> crate::store::Result<()> {
            tx.execute(sql::SERIAL_ISSUE, rusqlite::params!["s", "second", 1, 0])?;
            panic!("before the commit");
        })
    });
    std::panic::catch_unwind(panics).unwrap_err();
    assert_eq!(store.serial("s", "second").unwrap(), None);
    assert_eq!(issue(&store, "third").unwrap(), 2);
    assert_eq!(issue(&store, "second").unwrap(), 3);
    assert_whole(&store);
}

/// One sync for each study and not for each instance; callers at the same time share one.
#[test]
fn what_is_on_the_disk_is_not_synced_again() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let syncs = || store.settled.syncs.load(SeqCst);
    let found = BTreeMap::from([("source".to_owned(), "A".to_owned())]);
    for study in ["1.2", "1.3"] {
        let before = syncs();
        for _instance in 0..100 {
            store.decide("sites", study, &found, at(0)).unwrap();
            issue(&store, study).unwrap();
            store.remember_output(study, "t", None, at(0)).unwrap();
        }
        assert_eq!(syncs() - before, 3, "decision, number, output");
        // Other instances have other UIDs: no sync for each.
        for instance in 0..100 {
            let uid = format!("2.25.{instance}");
            store
                .remember_output(study, "t", Some(&uid), at(0))
                .unwrap();
        }
        assert_eq!(syncs() - before, 3);
    }
    let before = syncs();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| issue(&store, "many").unwrap());
        }
    });
    assert!((1..=8).contains(&(syncs() - before)));
    assert_eq!(assert_whole(&store).len(), 3);
    // What another start finds was synced when the file was opened.
    drop(store);
    let store = SqliteStore::open(&path(&folder)).unwrap();
    assert_eq!(issue(&store, "1.2").unwrap(), 1);
    assert!(store.own_outputs(&[("1.2", "2.25.7")]).unwrap()[0]);
    assert_eq!(store.settled.syncs.load(SeqCst), 0);
}
