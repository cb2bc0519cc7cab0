//! Patients of whom something is still to be sent.

use super::*;
use crate::store::{Followed, ToConfirm, Unsent};

pub fn run(make: Make<'_>) {
    whom_something_is_still_to_be_sent_of_is_found(&*one(make));
    a_record_is_needed_until_all_is_sent(&*one(make));
    what_is_to_be_confirmed_is_still_to_be_sent_perhaps(&*one(make));
    records_come_by_pages(&*one(make));
}

fn unsent(study: &str) -> Unsent {
    Unsent {
        patient: format!("{study}-patient"),
        study: study.to_owned(),
    }
}

fn needed(store: &dyn Store) -> Vec<(String, bool)> {
    let all = store.protected("", 100).unwrap().into_iter();
    all.map(|one| (one.patient, one.is_needed)).collect()
}

fn deliver(store: &dyn Store, confirm: Option<Timestamp>) {
    let claim = claim(store, "pacs");
    let ending = Ending::Complete(AttemptMade {
        confirm: confirm.map(|due| ToConfirm { due, series: None }),
        ..made(Class::Success)
    });
    for item in &claim.items {
        finish(store, claim.token, item.id, ending.clone());
    }
}

fn whom_something_is_still_to_be_sent_of_is_found(store: &dyn Store) {
    assert_eq!(store.unsent(0, 10).unwrap(), (Vec::new(), 0));
    let ids = enqueue(
        store,
        &[new_item("s", "a", "pacs"), new_item("s", "b", "pacs")],
    );
    let last = ids[1];
    assert_eq!(store.unsent(0, 10).unwrap(), (vec![unsent("s")], last));
    assert_eq!(store.unsent(0, 1).unwrap(), (vec![unsent("s")], ids[0]));
    assert_eq!(store.unsent(last, 10).unwrap(), (Vec::new(), 0));
    deliver(store, None);
    assert_eq!(store.unsent(0, 10).unwrap(), (Vec::new(), last));
    enqueue(store, &[new_item("t", "c", "pacs")]);
    let failed = fail_all(store, "pacs", Class::Rejected);
    assert_eq!(
        store.unsent(last, 10).unwrap(),
        (vec![unsent("t")], failed[0])
    );
}

fn a_record_is_needed_until_all_is_sent(store: &dyn Store) {
    assert!(!store.is_protected("s-patient").unwrap());
    enqueue(store, &[new_item("s", "a", "pacs")]);
    let other = enqueue(store, &[new_item("s", "b", "other")]);
    store.protect(&[unsent("s")]).unwrap();
    store.protect(&[unsent("s")]).unwrap();
    assert!(store.is_protected("s-patient").unwrap());
    assert_eq!(needed(store), [("s-patient".to_owned(), true)]);
    deliver(store, None);
    assert_eq!(needed(store), [("s-patient".to_owned(), true)]);
    fail_all(store, "other", Class::Rejected);
    assert_eq!(needed(store), [("s-patient".to_owned(), true)]);
    store.replay(other[0], None).unwrap();
    store.cancel(other[0], at(1)).unwrap();
    assert_eq!(needed(store), [("s-patient".to_owned(), false)]);
    // Another study of the same patient.
    enqueue(store, &[new_item("t", "c", "pacs")]);
    let more = Unsent {
        patient: "s-patient".to_owned(),
        study: "t".to_owned(),
    };
    store.protect(&[more]).unwrap();
    assert_eq!(needed(store), [("s-patient".to_owned(), true)]);
    store.unprotect("s-patient").unwrap();
    assert_eq!(needed(store), []);
}

fn what_is_to_be_confirmed_is_still_to_be_sent_perhaps(store: &dyn Store) {
    enqueue(store, &[new_item("s", "a", "pacs")]);
    store.protect(&[unsent("s")]).unwrap();
    deliver(store, Some(at(10)));
    assert_eq!(needed(store), [("s-patient".to_owned(), true)]);
    assert_eq!(store.unsent(0, 10).unwrap().0, [unsent("s")]);
    let claim = store
        .claim_follow_ups("pacs", at(10), 10, 9)
        .unwrap()
        .unwrap();
    // What was not confirmed may have to be sent again.
    let late = Followed::TimedOut { details: "".into() };
    let results = [(claim.all[0].item, late)];
    store.followed(claim.token, &results, at(11)).unwrap();
    assert_eq!(needed(store), [("s-patient".to_owned(), true)]);
    assert_eq!(store.unsent(0, 10).unwrap().0, [unsent("s")]);
    store.confirm("pacs", "s", at(12), at(12)).unwrap();
    let claim = store
        .claim_follow_ups("pacs", at(12), 10, 9)
        .unwrap()
        .unwrap();
    let results = [(claim.all[0].item, Followed::Confirmed)];
    store.followed(claim.token, &results, at(13)).unwrap();
    assert_eq!(needed(store), [("s-patient".to_owned(), false)]);
    assert_eq!(store.unsent(0, 10).unwrap().0, []);
}

fn records_come_by_pages(store: &dyn Store) {
    for study in ["a", "b", "c"] {
        store.protect(&[unsent(study)]).unwrap();
    }
    let page = store.protected("", 2).unwrap();
    assert_eq!(page.len(), 2);
    let rest = store.protected(&page[1].patient, 2).unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].patient, "c-patient");
}
