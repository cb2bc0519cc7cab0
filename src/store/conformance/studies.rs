//! The studies that rules take whole.

use super::*;
use crate::store::{Cursor, Reached, TakenStudy};

const RULES: [&str; 3] = ["ct", "mr", "'; --"];

pub fn run(make: Make<'_>) {
    what_is_taken_is_taken_with_the_items(&*one(make));
    what_is_owed_is_owed_until_it_is_paid(&*one(make));
    all_that_is_taken_page_by_page(&*one(make));
    an_earlier_instance_is_queued_as_any_other(&*one(make));
    only_an_arrival_says_that_an_instance_arrived(&*one(make));
}

fn taken(study: &str, rule: &str) -> TakenStudy {
    TakenStudy {
        study: study.into(),
        rule: rule.into(),
    }
}

/// Takes them, at this time.
fn take(store: &dyn Store, seconds: i64, studies: &[TakenStudy]) {
    let intake = Intake::arrival(&[]).taking(studies);
    store.enqueue(&intake, at(seconds)).unwrap();
}

fn what_is_taken_is_taken_with_the_items(store: &dyn Store) {
    assert!(store.taken(&["s1", "s2"]).unwrap().is_empty());
    let reached: Reached = Cursor {
        seq: 7,
        date: "20261120T235959".into(),
    }
    .into();
    let items = [new_item("s1", "a", "pacs")];
    let studies = [taken("s1", "ct"), taken("s1", "'; --")];
    let intake = Intake::arrival(&items).taking(&studies);
    assert_eq!(store.count_new(&intake).unwrap().enqueued, 1);
    assert!(store.owed(&RULES, 9).unwrap().is_empty(), "only counted");
    store.enqueue(&intake.up_to(Some(&reached)), at(0)).unwrap();
    assert_eq!(all(store).len(), 1);
    assert_eq!(store.cursor().unwrap(), Some(reached.cursor));
    let mut expected = studies.to_vec();
    expected.sort();
    assert_eq!(store.taken(&["s1"]).unwrap(), expected);
    assert_eq!(store.taken(&["s2", "s1", "S1"]).unwrap(), expected);
    assert!(store.taken(&["s2"]).unwrap().is_empty());
    assert!(store.taken(&[]).unwrap().is_empty());
}

fn what_is_owed_is_owed_until_it_is_paid(store: &dyn Store) {
    let [b, a, c] = [taken("b", "ct"), taken("a", "ct"), taken("a", "mr")];
    take(store, 1, std::slice::from_ref(&b));
    take(store, 2, &[c.clone(), a.clone()]);
    let mut owed = store.owed(&RULES, 9).unwrap();
    assert_eq!(owed.remove(0), b, "the first one first");
    owed.sort();
    assert_eq!(owed, [a.clone(), c.clone()]);
    assert_eq!(store.owed(&RULES, 1).unwrap(), std::slice::from_ref(&b));
    assert_eq!(
        store.owed(&["mr", "other"], 9).unwrap(),
        std::slice::from_ref(&c)
    );
    assert!(store.owed(&[], 9).unwrap().is_empty());
    store.looked_back(&[c, b.clone()]).unwrap();
    assert_eq!(store.owed(&RULES, 9).unwrap(), std::slice::from_ref(&a));
    // Taken again it is as it was.
    take(store, 3, &[b.clone(), a.clone()]);
    assert_eq!(store.owed(&RULES, 9).unwrap(), std::slice::from_ref(&a));
    store.looked_back(std::slice::from_ref(&a)).unwrap();
    store.looked_back(&[a, taken("nothing", "ct")]).unwrap();
    assert!(store.owed(&RULES, 9).unwrap().is_empty());
    assert_eq!(store.taken(&["a", "b", "nothing"]).unwrap().len(), 3);
    // Forgotten it is new.
    store.forget(std::slice::from_ref(&b)).unwrap();
    assert!(store.taken(&["b"]).unwrap().is_empty());
    take(store, 4, std::slice::from_ref(&b));
    assert_eq!(store.owed(&RULES, 9).unwrap(), [b]);
}

fn all_that_is_taken_page_by_page(store: &dyn Store) {
    let mut studies: Vec<TakenStudy> = (0..4)
        .flat_map(|study| ["x", "y", "z"].map(|rule| taken(&format!("s{study}"), rule)))
        .collect();
    studies.reverse();
    take(store, 5, &studies);
    take(store, 6, &studies);
    studies.sort();
    let mut found = Vec::new();
    let mut last = TakenStudy::default();
    loop {
        let page = store.taken_after(&last, 2).unwrap();
        assert!(page.len() <= 2);
        let Some((end, _)) = page.last() else { break };
        last = end.clone();
        assert!(page.iter().all(|(_, since)| *since == at(5)));
        found.extend(page.into_iter().map(|(one, _)| one));
    }
    assert_eq!(found, studies);
    store.forget(&studies).unwrap();
    store.forget(&[]).unwrap();
    let first = TakenStudy::default();
    assert!(store.taken_after(&first, 9).unwrap().is_empty());
}

/// Among others: the same reception makes one item, whether by its own arrival or by that of another.
fn an_earlier_instance_is_queued_as_any_other(store: &dyn Store) {
    let received = |instance: &str| {
        let mut new = new_item("study", instance, "pacs");
        new.reception.file = Some(format!("file of {instance}"));
        new
    };
    let items = [received("a"), received("b")];
    let send = |intake: &Intake<'_>| store.enqueue(intake, at(0)).unwrap();
    let again = || {
        for intake in [Intake::earlier(&items[..1]), Intake::arrival(&items[..1])] {
            let found = send(&intake);
            assert_eq!((found.enqueued, found.already_queued), (0, 1));
        }
    };
    assert_eq!(send(&Intake::earlier(&items[..1])).enqueued, 1);
    again();
    let claim = claim(store, "pacs");
    again();
    let delivered = Ending::Complete(made(Class::Success));
    finish(store, claim.token, claim.items[0].id, delivered);
    again();
    // The other way round.
    assert_eq!(send(&Intake::arrival(&items[1..])).enqueued, 1);
    assert_eq!(send(&Intake::earlier(&items)).already_queued, 2);
    assert_eq!(all(store).len(), 2);
    check_counts(store);
}

fn only_an_arrival_says_that_an_instance_arrived(store: &dyn Store) {
    let arrived = |instance: &str| store.arrived("study", instance).unwrap();
    let items = |destination: &str| [new_item("study", "a", destination)];
    assert_eq!(arrived("a"), None);
    let mut asked = items("asked");
    asked[0].rule = None;
    store.enqueue(&Intake::request(&asked), at(1)).unwrap();
    store
        .enqueue(&Intake::earlier(&items("earlier")), at(2))
        .unwrap();
    assert_eq!(arrived("a"), None);
    enqueue_at(store, &items("pacs"), at(3));
    assert_eq!(arrived("a"), Some(at(3)));
    enqueue_at(store, &items("archive"), at(4));
    store
        .enqueue(&Intake::earlier(&items("later")), at(5))
        .unwrap();
    assert_eq!(arrived("a"), Some(at(4)));
    assert_eq!(arrived("b"), None);
    assert_eq!(store.arrived("other", "a").unwrap(), None);
}
