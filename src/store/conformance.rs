//! What every backend of the store has to do, as tests that a backend runs over itself.
//!
//! Constraints:
//! - Only the trait is used: nothing here knows how a backend keeps its items.
//! - `make` answers two handles of a store that is empty, and a different one at each call.
//! - Times are given, none is measured.

use std::collections::BTreeMap;

use super::{
    Among, AttemptMade, Claim, Counts, Ending, FailureKinds, Filter, Finish, Hand, Intake, NewItem,
    Operated, Operation, Page, Pick, Reception, Store, Sweep,
};
use crate::item::{Attempt, Class, Ids, Item, Outcome, Priority, State, Timestamp};

mod arrival;
mod by_study;
mod chronicle;
mod confirmations;
mod decisions;
pub(crate) mod deliveries;
mod dispatch;
mod held;
mod kept;
pub(crate) mod model;
mod moves;
mod operate;
mod outbox;
mod outputs;
mod owners;
mod protected;
mod query;
mod random;
mod retention;
mod sources;
mod studies;
mod subjects;
mod suspects;
mod sweep;

/// Makes an empty store; each of its handles is an owner of claims.
pub type Make<'a> = &'a dyn Fn() -> [Box<dyn Store>; 2];

/// A store that nobody else uses.
fn one(make: Make<'_>) -> Box<dyn Store> {
    let [store, _] = make();
    store
}

/// The whole suite; panics at the first promise that is broken.
pub fn run(make: Make<'_>) {
    arrival::run(make);
    chronicle::run(make);
    confirmations::run(make);
    sweep::run(make);
    decisions::run(make);
    deliveries::run(make);
    dispatch::run(make);
    held::run(make);
    moves::run(make);
    operate::run(make);
    outbox::run(make);
    outputs::run(make);
    owners::run(make);
    protected::run(make);
    query::run(make);
    retention::run(make);
    by_study::run(make);
    sources::run(make);
    studies::run(make);
    subjects::run(make);
    for seed in [1, 2, 3, 4, 7] {
        random::run(make, seed, 1000);
    }
}

/// The time that is `seconds` after the suite's beginning.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

const FAR: i64 = 1_000_000_000;

/// An item as it arrives: pending at once, grouped by its study, never expiring.
fn new_item(study: &str, instance: &str, destination: &str) -> NewItem {
    NewItem {
        ids: Ids {
            instance: instance.into(),
            sop_instance_uid: format!("1.2.{instance}"),
            series: format!("{study}-series"),
            study: study.into(),
            patient: format!("{study}-patient"),
        },
        destination: destination.into(),
        rule: Some("rule".into()),
        remote_aet: Some("AET".into()),
        priority: Priority::Medium,
        group: study.into(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 10,
        failed: None,
        reception: Reception::default(),
    }
}

fn enqueue_at(store: &dyn Store, items: &[NewItem], now: Timestamp) -> Vec<i64> {
    let since = all(store).last().map_or(0, |item| item.id);
    store.enqueue(&Intake::arrival(items), now).unwrap();
    let made = store
        .items(&Filter::default(), Page::after(since, 1000))
        .unwrap();
    made.iter().map(|item| item.id).collect()
}

/// Enqueues at time 0; answers the ids that were made.
fn enqueue(store: &dyn Store, items: &[NewItem]) -> Vec<i64> {
    enqueue_at(store, items, at(0))
}

fn claim(store: &dyn Store, destination: &str) -> Claim {
    store
        .claim(destination, Pick::MostUrgent, 100)
        .unwrap()
        .expect("something to claim")
}

fn ids(claim: &Claim) -> Vec<i64> {
    claim.items.iter().map(|item| item.id).collect()
}

fn made(class: Class) -> AttemptMade {
    AttemptMade {
        started: at(1),
        duration_us: 1500,
        outcome: Outcome::new(class, format!("it was {class}")),
        counted: class.reached_destination(),
        sent_as: None,
        altered: Some(false),
        confirm: None,
    }
}

fn finish(store: &dyn Store, token: i64, id: i64, verb: Ending) -> u64 {
    store
        .finish(token, &[Finish { id, ending: verb }], at(2))
        .unwrap()
}

/// Claims what is first at the destination and lets all of it fail.
fn fail_all(store: &dyn Store, destination: &str, class: Class) -> Vec<i64> {
    let claim = claim(store, destination);
    let results: Vec<Finish> = claim
        .items
        .iter()
        .map(|item| Finish {
            id: item.id,
            ending: Ending::Fail(made(class)),
        })
        .collect();
    store.finish(claim.token, &results, at(2)).unwrap();
    ids(&claim)
}

/// Of what waits.
fn operate(store: &dyn Store, operation: &Operation, filter: &Filter) -> Operated {
    let mut sweep = Sweep {
        operation,
        among: Among::Waiting,
        filter,
        now: at(3),
        expires: &|_| Some(at(9)),
        dry_run: true,
        at_most: None,
        goes_on: &|| true,
    };
    let before = all(store);
    let foretold = store.operate(&sweep).unwrap();
    assert_eq!(all(store), before, "a dry run changes nothing");
    sweep.dry_run = false;
    let operated = store.operate(&sweep).unwrap();
    assert_eq!(foretold, operated, "{operation:?} {filter:?}");
    operated
}

/// All that waits for its time for this destination no longer does.
fn promote_all(store: &dyn Store, destination: &str) -> u64 {
    let filter = Filter {
        destination: Some(destination.to_owned()),
        ..Filter::default()
    };
    let sweep = Sweep {
        operation: &Operation::Promote,
        among: Among::Waiting,
        filter: &filter,
        now: at(3),
        expires: &|_| None,
        dry_run: false,
        at_most: None,
        goes_on: &|| true,
    };
    store.operate(&sweep).unwrap().done
}

fn read(store: &dyn Store, id: i64) -> Item {
    store.item(id).unwrap().expect("the item").0
}

fn attempts(store: &dyn Store, id: i64) -> Vec<Attempt> {
    store.item(id).unwrap().expect("the item").1
}

fn state(store: &dyn Store, id: i64) -> State {
    read(store, id).state
}

fn all(store: &dyn Store) -> Vec<Item> {
    let mut items = Vec::new();
    loop {
        let since = items.last().map_or(0, |item: &Item| item.id);
        let page = store
            .items(&Filter::default(), Page::after(since, 100))
            .unwrap();
        if page.is_empty() {
            return items;
        }
        items.extend(page);
    }
}

/// The summary of the error queue must be that of its items.
fn check_summary(store: &dyn Store, items: &[Item]) {
    let mut expected: BTreeMap<_, (u64, Timestamp, Timestamp)> = BTreeMap::new();
    for item in items.iter().filter(|item| item.state == State::Failure) {
        let kind = (item.destination.clone(), item.class, item.dimse_status);
        let time = item.completed.unwrap();
        let sum = expected.entry(kind).or_insert((0, time, time));
        *sum = (sum.0 + 1, sum.1.min(time), sum.2.max(time));
    }
    let found: BTreeMap<_, _> = store
        .error_summary(&FailureKinds::default())
        .unwrap()
        .into_iter()
        .map(|kind| {
            let sum = (kind.count, kind.oldest, kind.newest);
            ((kind.destination, Some(kind.class), kind.dimse_status), sum)
        })
        .collect();
    assert_eq!(found, expected);
}

/// The counts must be those of the items, in all and for each destination.
fn check_counts(store: &dyn Store) {
    let items = all(store);
    let mut counts = Counts::default();
    for item in &items {
        counts.add(item.state, 1);
    }
    assert_eq!(store.counts().unwrap(), counts);
    for record in store.destinations().unwrap() {
        let mut counts = Counts::default();
        let mut bytes = 0;
        let mut oldest = None;
        for item in items.iter().filter(|item| item.destination == record.name) {
            counts.add(item.state, 1);
            if item.state.is_waiting() || item.state == State::Running {
                bytes += item.size_bytes;
                oldest = oldest.or(Some(item.created));
            }
        }
        assert_eq!(record.counts, counts, "{}", record.name);
        assert_eq!(record.bytes_pending, bytes, "{}", record.name);
        assert_eq!(record.oldest_pending, oldest, "{}", record.name);
        assert_eq!(store.destination(&record.name).unwrap(), Some(record));
    }
    check_summary(store, &items);
}
