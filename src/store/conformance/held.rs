//! hold, wake: what waits by itself for something that may come.

use super::*;
use crate::store::Moved;

pub fn run(make: Make<'_>) {
    what_is_held_waits_by_itself(&*one(make));
    what_is_held_is_woken_where_it_is_held(&*one(make));
}

fn hold(store: &dyn Store, token: i64, id: i64, due: i64) {
    let ending = Ending::Hold {
        at: at(due),
        outcome: Outcome::waiting("not known yet"),
    };
    assert_eq!(finish(store, token, id, ending), 1);
}

/// Whatever its group waits for: a quiet period neither ends it, nor does it lengthen one.
fn what_is_held_waits_by_itself(store: &dyn Store) {
    let ids = enqueue(
        store,
        &[
            new_item("study", "a", "pacs"),
            new_item("study", "b", "pacs"),
        ],
    );
    let claimed = claim(store, "pacs");
    hold(store, claimed.token, ids[0], 500);
    finish(store, claimed.token, ids[1], Ending::Release);
    let (held, attempts) = store.item(ids[0]).unwrap().unwrap();
    assert_eq!(held.state, State::Scheduled);
    assert_eq!(held.next_attempt, Some(at(500)));
    assert_eq!((held.attempt_count, attempts.len()), (0, 0));
    assert_eq!(held.class, Some(Class::Coercion));
    assert_eq!(held.details.as_deref(), Some("not known yet"));
    let record = store.destination("pacs").unwrap().unwrap();
    assert_eq!(record.last_error, None);
    // A later one of the group begins a quiet period, which ends.
    let later = enqueue(
        store,
        &[NewItem {
            not_before: Some(at(10)),
            ..new_item("study", "c", "pacs")
        }],
    );
    assert_eq!(store.group_due("pacs", "study").unwrap(), Some(at(10)));
    assert_eq!(store.promote(at(10), 10).unwrap(), ["pacs"]);
    assert_eq!(state(store, later[0]), State::Pending);
    assert_eq!(read(store, ids[0]), held);
    assert_eq!(store.next_due().unwrap(), Some(at(500)));
    assert_eq!(store.promote(at(500), 10).unwrap(), ["pacs"]);
    assert_eq!(state(store, ids[0]), State::Pending);
    check_counts(store);
}

fn what_is_held_is_woken_where_it_is_held(store: &dyn Store) {
    let quiet = NewItem {
        not_before: Some(at(900)),
        ..new_item("other study", "q", "pacs")
    };
    let ids = enqueue(
        store,
        &[
            new_item("study", "a", "pacs"),
            new_item("study", "b", "pacs"),
            new_item("study", "a", "other"),
            quiet,
        ],
    );
    for (destination, ids) in [("pacs", &ids[..2]), ("other", &ids[2..3])] {
        let token = claim(store, destination).token;
        for id in ids {
            hold(store, token, *id, 500);
        }
    }
    let held = store.held().unwrap();
    let shown: Vec<_> = held
        .iter()
        .map(|one| (one.destination.as_str(), one.count, one.example.as_str()))
        .collect();
    assert_eq!(
        shown,
        [("pacs", 2, "not known yet"), ("other", 1, "not known yet")]
    );
    assert_eq!(store.wake("unknown", at(20)).unwrap(), 0);
    assert_eq!(store.wake("pacs", at(20)).unwrap(), 2);
    assert_eq!(store.wake("pacs", at(20)).unwrap(), 0);
    assert_eq!(store.promote(at(20), 10).unwrap(), ["pacs"]);
    let states = ids.iter().map(|id| state(store, *id));
    use State::{Pending, Scheduled};
    assert_eq!(
        states.collect::<Vec<_>>(),
        [Pending, Pending, Scheduled, Scheduled]
    );
    assert_eq!(store.held().unwrap().len(), 1);
    // Expiry, cancelling and the rest are as for whatever waits.
    assert!(matches!(
        store.cancel(ids[2], at(21)).unwrap(),
        Moved::Done(_)
    ));
    assert!(store.held().unwrap().is_empty());
    check_counts(store);
}
