//! What is decided once for a study, and serial numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::store::SerialLast;

pub fn run(make: Make<'_>) {
    the_first_decision_counts(make());
    each_recipe_and_study_decides_for_itself(&*one(make));
    a_study_has_one_number(make());
    numbers_begin_where_they_are_told_to(&*one(make));
    numbers_are_told_page_by_page(&*one(make));
    many_at_once_get_one_each(make());
}

fn found(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    all.iter().map(owned).collect()
}

fn the_first_decision_counts([store, other]: [Box<dyn Store>; 2]) {
    assert_eq!(store.decided("sites", "1.2.3").unwrap(), found(&[]));
    let first = found(&[("if:1", "1"), ("source", "A")]);
    let holds = store.decide("sites", "1.2.3", &first, at(0)).unwrap();
    assert_eq!(holds, first);
    // Another instance of the study, at another node, sees otherwise, and more.
    let second = found(&[("if:1", "0"), ("if:2", "'; --"), ("source", "B")]);
    let both = found(&[("if:1", "1"), ("if:2", "'; --"), ("source", "A")]);
    assert_eq!(
        other.decide("sites", "1.2.3", &second, at(1)).unwrap(),
        both
    );
    assert_eq!(store.decided("sites", "1.2.3").unwrap(), both);
    let nothing = store.decide("sites", "1.2.3", &found(&[]), at(2)).unwrap();
    assert_eq!(nothing, both, "what holds");
}

fn each_recipe_and_study_decides_for_itself(store: &dyn Store) {
    let one = |value: &str| found(&[("if", value)]);
    for (recipe, study) in [("a", "1.2"), ("b", "1.2"), ("a", "1.3"), ("A", "1.2")] {
        let value = format!("{recipe} {study}");
        let holds = store.decide(recipe, study, &one(&value), at(0)).unwrap();
        assert_eq!(holds, one(&value));
    }
    assert_eq!(store.decided("a", "1.2").unwrap(), one("a 1.2"));
    assert_eq!(store.decided("a", "1.4").unwrap(), found(&[]));
}

fn issue(store: &dyn Store, name: &str, study: &str, start: u64) -> u64 {
    store.issue_serial(name, study, start, at(5)).unwrap()
}

fn a_study_has_one_number([store, other]: [Box<dyn Store>; 2]) {
    assert_eq!(store.serial("accessions", "1.2").unwrap(), None);
    assert_eq!(store.serial_names().unwrap(), []);
    assert_eq!(issue(&*store, "accessions", "1.2", 1), 1);
    assert_eq!(issue(&*other, "accessions", "1.3", 1), 2);
    assert_eq!(issue(&*other, "accessions", "1.2", 1), 1);
    assert_eq!(issue(&*store, "other", "1.3", 1), 1);
    assert_eq!(issue(&*store, "accessions", "1.4", 1), 3);
    assert_eq!(other.serial("accessions", "1.4").unwrap(), Some(3));
    assert_eq!(other.serial("ACCESSIONS", "1.4").unwrap(), None);
    let last = |name: &str, last| SerialLast {
        name: name.into(),
        last,
    };
    let expected = [last("accessions", 3), last("other", 1)];
    assert_eq!(store.serial_names().unwrap(), expected);
}

/// `Start` may be raised while numbers were given; lowered it changes nothing.
fn numbers_begin_where_they_are_told_to(store: &dyn Store) {
    assert_eq!(issue(store, "s", "1.1", 0), 1, "there is no number 0");
    assert_eq!(issue(store, "s", "1.2", 5000), 5000);
    assert_eq!(issue(store, "s", "1.3", 5000), 5001);
    assert_eq!(issue(store, "s", "1.4", 1), 5002);
    assert_eq!(issue(store, "s", "1.1", 9000), 1, "what was given stays");
    assert_eq!(issue(store, "s", "1.5", u64::MAX), i64::MAX as u64);
    store.issue_serial("s", "1.6", 1, at(0)).unwrap_err();
    assert_eq!(store.serial("s", "1.6").unwrap(), None);
    assert_eq!(issue(store, "s", "1.4", 1), 5002);
}

fn numbers_are_told_page_by_page(store: &dyn Store) {
    for number in 1..=7 {
        assert_eq!(issue(store, "s", &format!("1.{number}"), 1), number);
    }
    issue(store, "other", "1.3", 1);
    let numbers = |study: Option<&str>, since, limit| -> Vec<(u64, String)> {
        let page = store.serials("s", study, since, limit).unwrap();
        assert!(page.iter().all(|one| one.given == at(5)));
        page.into_iter()
            .map(|one| (one.number, one.study_uid))
            .collect()
    };
    let of = |number: u64| (number, format!("1.{number}"));
    assert_eq!(numbers(None, 0, 3), [of(1), of(2), of(3)]);
    assert_eq!(numbers(None, 5, 3), [of(6), of(7)]);
    assert_eq!(numbers(None, u64::MAX, 3), []);
    assert_eq!(numbers(Some("1.3"), 0, 3), [of(3)]);
    assert_eq!(numbers(Some("1.3"), 3, 3), []);
    assert_eq!(numbers(Some("1"), 0, 3), []);
    assert_eq!(store.serials("none", None, 0, 3).unwrap(), []);
}

fn many_at_once_get_one_each(stores: [Box<dyn Store>; 2]) {
    const STUDIES: u64 = 40;
    let all = || -> Vec<u64> {
        let study = |number: u64| issue(&*stores[number as usize % 2], "s", &number.to_string(), 1);
        (0..STUDIES).map(study).collect()
    };
    let given: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(all)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        given.iter().all(|one| *one == given[0]),
        "the same for each"
    );
    let numbers: BTreeSet<u64> = given[0].iter().copied().collect();
    assert_eq!(
        numbers,
        (1..=STUDIES).collect(),
        "none twice, none left out"
    );
}
