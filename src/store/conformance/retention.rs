//! What is known of the studies that Orthanc has, and what was deleted from it.

use super::*;
use crate::item::safe::Content;
use crate::store::{History, KeptStudy, Lead, NewDeletion, StudyName};

pub fn run(make: Make<'_>) {
    studies_are_known_with_their_last_deliveries(&*one(make));
    all_that_may_have_reached_a_destination_is_known(&*one(make));
    what_waits_for_its_quiet_period_leaves_nothing(&*one(make));
    what_altered_is_known_up_to_its_last_item(&*one(make));
    what_destinations_led_to_is_known(&*one(make));
    deletions_are_kept(&*one(make));
}

fn kept(store: &dyn Store, study: &str) -> KeptStudy {
    let safe = ["pacs".to_owned(), "other".to_owned()];
    store.kept_study(&safe, study).unwrap().unwrap()
}

fn history(store: &dyn Store, study: &str) -> History {
    let kept = kept(store, study);
    store.history(&kept, None, &["pacs".to_owned()]).unwrap()
}

fn deliver(store: &dyn Store, seconds: i64) {
    let claim = claim(store, "pacs");
    for item in &claim.items {
        let ending = Ending::Complete(made(Class::Success));
        let finish = [Finish {
            id: item.id,
            ending,
        }];
        store.finish(claim.token, &finish, at(seconds)).unwrap();
    }
}

fn of_file(instance: &str, file: &str) -> NewItem {
    NewItem {
        reception: Reception {
            file: Some(file.into()),
            ..Reception::default()
        },
        ..new_item("s", instance, "pacs")
    }
}

fn studies_are_known_with_their_last_deliveries(store: &dyn Store) {
    for study in ["s", "t", "u"] {
        enqueue(store, &[new_item(study, "a", "pacs")]);
    }
    deliver(store, 5);
    enqueue(store, &[new_item("v", "a", "other")]);
    let safe = ["pacs".to_owned(), "other".to_owned()];
    let all = store.kept_studies(&safe, 0, 10).unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.study.as_str()).collect();
    assert_eq!(names, ["s", "t", "u", "v"]);
    assert_eq!(all[0].delivered, [Some(at(5)), None]);
    assert_eq!(all[3].delivered, [None, None]);
    let next = store.kept_studies(&safe, all[1].number, 1).unwrap();
    assert_eq!(next, all[2..3]);
    assert_eq!(store.kept_study(&safe, "t").unwrap(), Some(all[1].clone()));
    assert_eq!(store.kept_study(&safe, "x").unwrap(), None);
}

fn all_that_may_have_reached_a_destination_is_known(store: &dyn Store) {
    enqueue(store, &[of_file("a", "1"), of_file("b", "1")]);
    deliver(store, 5);
    store.prune(at(6), 1).unwrap();
    // Another file, which waits; and yet another.
    enqueue(store, &[of_file("b", "2")]);
    enqueue(store, &[of_file("b", "3")]);
    let known = history(store, "s").known;
    let mut found: Vec<(&str, &str, bool, State, bool)> = (known.iter())
        .map(|one| {
            let sending = &one.sending;
            let Content { file, .. } = &sending.content;
            (
                one.instance.as_str(),
                file.as_deref().unwrap_or_default(),
                sending.is_past,
                sending.state,
                sending.reached,
            )
        })
        .collect();
    found.sort_by_key(|one| (one.0, one.1));
    let expected = [
        ("a", "1", true, State::Success, true),
        ("b", "1", false, State::Success, true),
        // Nobody knows whether it was sent before it was of another file.
        ("b", "2", true, State::Retry, true),
        ("b", "3", false, State::Pending, false),
    ];
    assert_eq!(found, expected);
    let of_one = store.history(&kept(store, "s"), Some("a"), &[]).unwrap();
    assert_eq!(of_one.known.len(), 1);
    assert_eq!(of_one.known[0].sending.sent_as, "1.2.a");
}

fn what_waits_for_its_quiet_period_leaves_nothing(store: &dyn Store) {
    let quiet = |file: &str| NewItem {
        not_before: Some(at(100)),
        ..of_file("a", file)
    };
    enqueue(store, &[quiet("1")]);
    enqueue(store, &[quiet("2")]);
    let known = history(store, "s").known;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].sending.content.file.as_deref(), Some("2"));
}

fn what_altered_is_known_up_to_its_last_item(store: &dyn Store) {
    let ids = enqueue(store, &[new_item("s", "a", "pacs")]);
    let altered = || history(store, "s").altered;
    assert_eq!(altered(), []);
    store.note_altering(&["pacs"]).unwrap();
    assert_eq!(altered(), [("pacs".to_owned(), i64::MAX)]);
    store.note_altering(&[]).unwrap();
    assert_eq!(altered(), [("pacs".to_owned(), ids[0])]);
    // What is told again changes nothing.
    enqueue(store, &[new_item("s", "b", "pacs")]);
    store.note_altering(&[]).unwrap();
    assert_eq!(altered(), [("pacs".to_owned(), ids[0])]);
    store.note_altering(&["pacs"]).unwrap();
    assert_eq!(altered(), [("pacs".to_owned(), i64::MAX)]);
}

fn what_destinations_led_to_is_known(store: &dyn Store) {
    let note = |address: &str| {
        let lead = [("pacs".to_owned(), address.to_owned())];
        store.note_leads(&lead).unwrap();
    };
    let lead = |address: &str, since: i64| Lead {
        destination: "pacs".into(),
        address: address.into(),
        since,
    };
    note("a:104");
    let first = enqueue(store, &[new_item("s", "a", "pacs")])[0];
    // What is told again changes nothing.
    note("a:104");
    assert_eq!(history(store, "s").leads, [lead("a:104", 0)]);
    note("b:104");
    assert_eq!(
        history(store, "s").leads,
        [lead("a:104", 0), lead("b:104", first)]
    );
    let second = enqueue(store, &[new_item("s", "b", "pacs")])[0];
    note("a:104");
    assert_eq!(
        history(store, "s").leads,
        [lead("b:104", first), lead("a:104", second)]
    );
}

fn deletions_are_kept(store: &dyn Store) {
    let new = |study: &str| NewDeletion {
        name: StudyName {
            study: study.into(),
            uid: format!("1.2.{study}"),
            accession: String::new(),
        },
        begun: at(1),
        instances: 3,
        bytes: 30,
        is_emergency: false,
        safe: vec![("pacs".into(), at(0))],
    };
    let ids = ["s", "t"].map(|study| store.begin_deletion(&new(study)).unwrap());
    assert!(ids[0] < ids[1]);
    assert_eq!(store.open_deletions().unwrap().len(), 2);
    store.count_deleted(ids[0], 1).unwrap();
    assert_eq!(store.open_deletions().unwrap()[0].gone, 1);
    store.end_deletion(ids[0], at(2), 2, Some("why")).unwrap();
    store.count_deleted(ids[0], 3).unwrap();
    // It ended once.
    store.end_deletion(ids[0], at(9), 9, None).unwrap();
    let all = store.deletions(None, None, 0, 10).unwrap();
    assert_eq!(all[0].new, new("s"));
    assert_eq!(
        (all[0].ended, all[0].gone, all[0].kept.as_deref()),
        (Some(at(2)), 2, Some("why"))
    );
    assert_eq!(store.open_deletions().unwrap(), all[1..]);
    assert_eq!(store.deletions(None, None, ids[0], 10).unwrap(), all[1..]);
    assert_eq!(
        store.deletions(Some("1.2.t"), None, 0, 10).unwrap(),
        all[1..]
    );
    assert_eq!(store.deletions(None, Some(""), 0, 10).unwrap(), []);
}
