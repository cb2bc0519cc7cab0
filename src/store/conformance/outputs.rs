//! How what is sent would come back.

use super::*;

pub fn run(make: Make<'_>) {
    what_comes_back_is_known(make());
    an_output_outlives_its_items(make());
    another_uid_is_known(&*one(make));
    what_keeps_its_identity_is_no_output(&*one(make));
}

fn is_own(store: &dyn Store, study: &str, uid: &str) -> bool {
    let found = store.own_outputs(&[(study, uid)]).unwrap();
    assert_eq!(found.len(), 1);
    found[0]
}

fn remember(store: &dyn Store, sent_study: &str, renamed: Option<&str>) {
    store
        .remember_output(sent_study, "study", renamed, at(0))
        .unwrap();
}

fn what_comes_back_is_known([store, other]: [Box<dyn Store>; 2]) {
    let items = ["a", "b"].map(|instance| new_item("study", instance, "pacs"));
    enqueue(&*store, &items);
    assert!(!is_own(&*store, "sent", "1.2.a"));
    remember(&*store, "sent", None);
    remember(&*store, "sent", None);
    remember(&*store, "for another", None);
    let asked = [
        ("sent", "1.2.a"),
        ("sent", "1.2.b"),
        ("for another", "1.2.b"),
        // Made elsewhere, of the study as it was sent.
        ("sent", "1.2.c"),
        // Sent again by who made it.
        ("study", "1.2.a"),
        ("other", "1.2.a"),
    ];
    let expected = [true, true, true, false, false, false];
    assert_eq!(store.own_outputs(&asked).unwrap(), expected);
    assert_eq!(other.own_outputs(&asked).unwrap(), expected, "at each node");
    assert!(store.own_outputs(&[]).unwrap().is_empty());
}

fn an_output_outlives_its_items([store, other]: [Box<dyn Store>; 2]) {
    let long = format!("1.2.{}", "3".repeat(58));
    let mut items = ["a", "b"].map(|instance| new_item("study", instance, "pacs"));
    items[1].ids.sop_instance_uid.clone_from(&long);
    let ids = enqueue(&*store, &items);
    enqueue(&*store, &[new_item("plain", "p", "pacs")]);
    remember(&*store, "sent", None);
    for _ in ["study", "plain"] {
        let claim = claim(&*store, "pacs");
        for item in &claim.items {
            let delivered = Ending::Complete(made(Class::Success));
            finish(&*store, claim.token, item.id, delivered);
        }
    }
    assert_eq!(store.prune(at(100), 100).unwrap(), 3);
    assert!(all(&*store).is_empty());
    for uid in ["1.2.a", &long] {
        assert!(is_own(&*other, "sent", uid), "{uid}");
        assert!(!is_own(&*store, "study", uid), "{uid}");
    }
    assert!(!is_own(&*store, "sent", "1.2.p"));
    assert!(!is_own(&*store, "sent", "1.2.c"));
    // One that a person removed, and one of which there are several items.
    let again = enqueue(&*store, &items);
    assert!(again[0] > ids[0]);
    for id in again {
        store.remove(id).unwrap();
    }
    assert!(is_own(&*store, "sent", "1.2.a"));
}

/// De-identified: another study, and other instances.
fn another_uid_is_known(store: &dyn Store) {
    enqueue(store, &[new_item("study", "a", "research")]);
    remember(store, "sent", Some("2.25.1"));
    remember(store, "sent", Some("2.25.2"));
    remember(store, "sent", Some("2.25.2"));
    // Compressed with loss: the same study, and another instance.
    remember(store, "study", Some("2.25.3"));
    for (study, uid) in [("sent", "2.25.1"), ("sent", "2.25.2"), ("study", "2.25.3")] {
        assert!(is_own(store, study, uid), "{uid}");
    }
    for (study, uid) in [("study", "2.25.1"), ("sent", "2.25.3"), ("study", "1.2.a")] {
        assert!(!is_own(store, study, uid), "{study} {uid}");
    }
}

fn what_keeps_its_identity_is_no_output(store: &dyn Store) {
    let ids = enqueue(store, &[new_item("study", "a", "pacs")]);
    remember(store, "study", None);
    assert!(!is_own(store, "study", "1.2.a"));
    store.remove(ids[0]).unwrap();
    assert!(!is_own(store, "study", "1.2.a"));
}
