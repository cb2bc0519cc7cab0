//! The AETs from which something came.

use super::*;
use crate::store::{Cursor, Heard, MOST_SOURCES, Reached, Source};

pub fn run(make: Make<'_>) {
    what_came_is_written_with_the_cursor(&*one(make));
    what_is_watched_stays(&*one(make));
    too_many_are_forgotten_but_those_that_are_watched(&*one(make));
}

fn heard(aet: &str, seconds: i64) -> Heard {
    Heard {
        aet: aet.into(),
        at: at(seconds),
    }
}

fn source(aet: &str, last: Option<i64>, watched: Option<i64>) -> Source {
    Source {
        aet: aet.into(),
        last: last.map(at),
        watched: watched.map(at),
    }
}

fn hear(store: &dyn Store, all: &[Heard]) -> u64 {
    let intake = Intake::arrival(&[]).hearing(all);
    store.enqueue(&intake, at(0)).unwrap().forgotten_sources
}

fn what_came_is_written_with_the_cursor(store: &dyn Store) {
    assert!(store.sources().unwrap().is_empty());
    let reached: Reached = Cursor {
        seq: 7,
        date: "20261120T235959".into(),
    }
    .into();
    let all = [heard("MR", 5), heard("CT'; --", 6)];
    let intake = Intake::arrival(&[]).hearing(&all);
    store.count_new(&intake).unwrap();
    assert!(store.sources().unwrap().is_empty(), "only counted");
    store.enqueue(&intake.up_to(Some(&reached)), at(9)).unwrap();
    assert_eq!(store.cursor().unwrap(), Some(reached.cursor));
    let mut expected = [
        source("CT'; --", Some(6), None),
        source("MR", Some(5), None),
    ];
    assert_eq!(store.sources().unwrap(), expected);
    // What is read late is no news.
    assert_eq!(hear(store, &[heard("MR", 8), heard("CT'; --", 2)]), 0);
    expected[1].last = Some(at(8));
    assert_eq!(store.sources().unwrap(), expected);
}

fn what_is_watched_stays(store: &dyn Store) {
    hear(store, &[heard("CT", 1), heard("MR", 2)]);
    store.watch(&["CT", "US"], at(10)).unwrap();
    store.watch(&["CT", "US"], at(20)).unwrap();
    let expected = [
        source("CT", Some(1), Some(10)),
        source("MR", Some(2), None),
        source("US", None, Some(10)),
    ];
    assert_eq!(store.sources().unwrap(), expected);
    hear(store, &[heard("US", 15)]);
    store.watch(&["MR"], at(30)).unwrap();
    let expected = [
        source("CT", Some(1), None),
        source("MR", Some(2), Some(30)),
        source("US", Some(15), None),
    ];
    assert_eq!(store.sources().unwrap(), expected);
    store.watch(&["NEW"], at(40)).unwrap();
    store.watch(&[], at(50)).unwrap();
    let expected = [
        source("CT", Some(1), None),
        source("MR", Some(2), None),
        source("US", Some(15), None),
    ];
    assert_eq!(
        store.sources().unwrap(),
        expected,
        "never heard of, and not watched"
    );
}

fn too_many_are_forgotten_but_those_that_are_watched(store: &dyn Store) {
    hear(store, &[heard("OLD", 1), heard("WATCHED", 2)]);
    store.watch(&["WATCHED", "NEVER"], at(3)).unwrap();
    let many: Vec<Heard> = (0..MOST_SOURCES)
        .map(|n| heard(&format!("AET{n:05}"), 10))
        .collect();
    assert_eq!(hear(store, &many), 1);
    assert_eq!(
        hear(
            store,
            &[heard("AET00000", 11), heard("ONE", 12), heard("TWO", 12)]
        ),
        2
    );
    let left = store.sources().unwrap();
    assert_eq!(left.len(), MOST_SOURCES as usize + 2);
    let has = |aet: &str| left.iter().any(|source| source.aet == aet);
    assert!(
        ["WATCHED", "NEVER", "AET00000", "ONE", "TWO"]
            .into_iter()
            .all(has)
    );
    assert!(!["OLD", "AET00001", "AET00002"].into_iter().any(has));
}
