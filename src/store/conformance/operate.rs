//! What a person does: to one item, to the error queue, to a destination.

use super::*;
use crate::store::{LastError, Moved, Outage};

pub fn run(make: Make<'_>) {
    a_replay_starts_anew_and_keeps_history(&*one(make));
    a_redirect_keeps_the_item_and_its_history(&*one(make));
    an_item_may_be_replayed_beside_another(&*one(make));
    what_is_sent_now_goes_first(&*one(make));
    outages_are_counted_and_kept(&*one(make));
    a_replay_has_its_new_expiry(&*one(make));
    the_error_queue_is_operated_by_filter(make);
    a_long_error_queue_is_operated_whole(&*one(make));
    a_dry_run_changes_nothing(&*one(make));
    a_pause_is_the_destinations(&*one(make));
}

fn failed(store: &dyn Store, instance: &str, destination: &str, class: Class) -> i64 {
    enqueue(store, &[new_item("study", instance, destination)]);
    fail_all(store, destination, class)[0]
}

fn a_replay_starts_anew_and_keeps_history(store: &dyn Store) {
    let id = failed(store, "a", "pacs", Class::Rejected);
    let Moved::Done(item) = store.replay(id, None).unwrap() else {
        panic!("replay of a failure was refused");
    };
    assert_eq!((item.state, item.attempt_count), (State::Pending, 0));
    assert_eq!(
        (item.completed, item.class, item.details),
        (None, None, None)
    );
    assert_eq!(attempts(store, id).len(), 1);
    fail_all(store, "pacs", Class::Rejected);
    assert_eq!(read(store, id).attempt_count, 1);
    let numbers: Vec<u32> = attempts(store, id).iter().map(|a| a.number).collect();
    assert_eq!(numbers, [1, 2]);
}

fn a_redirect_keeps_the_item_and_its_history(store: &dyn Store) {
    let id = failed(store, "a", "pacs", Class::Rejected);
    let Moved::Done(item) = store.redirect(id, "new", None).unwrap() else {
        panic!("redirect of a failure was refused");
    };
    assert_eq!((item.id, item.state), (id, State::Pending));
    assert_eq!((item.destination.as_str(), item.attempt_count), ("new", 0));
    assert!(store.claim("pacs", Pick::MostUrgent, 10).unwrap().is_none());
    fail_all(store, "new", Class::Busy);
    let attempts = attempts(store, id);
    let places: Vec<&str> = attempts.iter().map(|a| a.destination.as_str()).collect();
    assert_eq!(places, ["pacs", "new"]);
    check_counts(store);
}

fn an_item_may_be_replayed_beside_another(store: &dyn Store) {
    let first = failed(store, "a", "pacs", Class::Rejected);
    let second = enqueue(store, &[new_item("study", "a", "pacs")])[0];
    assert!(matches!(store.replay(first, None).unwrap(), Moved::Done(_)));
    assert_eq!(ids(&claim(store, "pacs")), [first, second]);
    check_counts(store);
}

fn what_is_sent_now_goes_first(store: &dyn Store) {
    let mut stat = new_item("study", "a", "pacs");
    stat.priority = Priority::Stat;
    let mut held = new_item("other", "b", "pacs");
    held.priority = Priority::Low;
    held.not_before = Some(at(100));
    let made = enqueue(store, &[stat, held, new_item("other", "c", "pacs")]);
    let (stat, held, plain) = (made[0], made[1], made[2]);
    let claimed = |pick| {
        let claim = store.claim("pacs", pick, 10).unwrap();
        claim.map(|claim| ids(&claim)).unwrap_or_default()
    };
    assert_eq!(claimed(Pick::Hurried), [0; 0]);
    assert!(matches!(store.send_now(held).unwrap(), Moved::Done(_)));
    assert!(matches!(store.send_now(plain).unwrap(), Moved::Done(_)));
    assert_eq!(claimed(Pick::AtLeast(Priority::High)), [stat]);
    assert_eq!(claimed(Pick::MostUrgent), [plain]);
    assert_eq!(claimed(Pick::Hurried), [held]);
    check_counts(store);
}

fn outages_are_counted_and_kept(store: &dyn Store) {
    let known = || {
        store
            .destination("pacs")
            .unwrap()
            .map(|it| (it.outage, it.outages))
    };
    let outage = |failures| Outage {
        since: at(7),
        failures,
    };
    let set = |outage: Option<Outage>| {
        store
            .set_outage("pacs", outage.as_ref(), "refused", at(9))
            .unwrap();
    };
    set(Some(outage(0)));
    set(Some(outage(3)));
    assert_eq!(known(), Some((Some(outage(3)), 1)));
    set(None);
    set(None);
    assert_eq!(known(), Some((None, 1)));
    set(Some(outage(0)));
    assert_eq!(known(), Some((Some(outage(0)), 2)));
}

fn a_replay_has_its_new_expiry(store: &dyn Store) {
    let mut new = new_item("study", "a", "pacs");
    new.expires = Some(at(10));
    let id = enqueue(store, &[new])[0];
    assert_eq!(store.expire(at(10), 1).unwrap(), 1);
    store.replay(id, Some(at(20))).unwrap();
    assert_eq!(store.expire(at(19), 1).unwrap(), 0);
    assert_eq!(store.expire(at(20), 1).unwrap(), 1);
    store.redirect(id, "other", None).unwrap();
    assert_eq!(store.expire(at(FAR), 1).unwrap(), 0);
}

/// Of the error queue.
pub fn of_errors(store: &dyn Store, operation: &Operation, filter: &Filter, dry_run: bool) -> u64 {
    let sweep = Sweep {
        operation,
        among: Among::Failures,
        filter,
        now: at(3),
        expires: &|_| Some(at(9)),
        dry_run,
        at_most: None,
        goes_on: &|| true,
    };
    let operated = store.operate(&sweep).unwrap();
    assert_eq!(operated.running, 0);
    operated.done
}

fn the_error_queue_is_operated_by_filter(make: Make<'_>) {
    let all_of_it = Filter::default();
    let by = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    // Items 0 and 1: pacs, Rejected and Busy; 2: other, Rejected; 3 is cancelled, 4 pending.
    let cases: [(Filter, &[usize]); 11] = [
        (all_of_it, &[0, 1, 2]),
        (by(&|f| f.destination = Some("pacs".into())), &[0, 1]),
        (by(&|f| f.destination = Some("unknown".into())), &[]),
        (by(&|f| f.class = Some(Class::Rejected)), &[0, 2]),
        (by(&|f| f.class = Some(Class::Success)), &[]),
        (by(&|f| f.study = Some("study".into())), &[0, 1, 2]),
        (by(&|f| f.study = Some("none".into())), &[]),
        (by(&|f| f.instance = Some("b".into())), &[1]),
        (by(&|f| f.completed_before = Some(at(2))), &[]),
        (by(&|f| f.completed_before = Some(at(3))), &[0, 1, 2]),
        (by(&|f| f.states = Some(State::Cancelled.into())), &[]),
    ];
    let mut cases: Vec<_> = cases.into();
    cases.push((by(&|f| f.ids = Some(vec![])), &[]));
    let to = "elsewhere".to_string();
    for operation in [
        Operation::Replay,
        Operation::Remove,
        Operation::Redirect { to },
    ] {
        for (filter, expected) in &cases {
            let store = one(make);
            let ids = [
                failed(&*store, "a", "pacs", Class::Rejected),
                failed(&*store, "b", "pacs", Class::Busy),
                failed(&*store, "c", "other", Class::Rejected),
                enqueue(&*store, &[new_item("study", "d", "pacs")])[0],
                enqueue(&*store, &[new_item("study", "e", "pacs")])[0],
            ];
            store.cancel(ids[3], at(1)).unwrap();
            let what = format!("{operation:?} of {filter:?}");
            let done = of_errors(&*store, &operation, filter, false);
            assert_eq!(done, expected.len() as u64, "{what}");
            for (index, id) in ids.iter().enumerate().take(3) {
                let found = store.item(*id).unwrap().map(|found| found.0);
                let moved = match (&operation, &found) {
                    (Operation::Remove, found) => found.is_none(),
                    (Operation::Replay, Some(item)) => item.state == State::Pending,
                    (Operation::Redirect { to }, Some(item)) => {
                        item.state == State::Pending && item.destination == *to
                    }
                    (other, _) => panic!("{what}: {other:?}, {found:?}"),
                };
                assert_eq!(moved, expected.contains(&index), "{what}, item {index}");
            }
            assert_eq!(state(&*store, ids[3]), State::Cancelled, "{what}");
            check_counts(&*store);
            let expired = store.expire(at(9), 100).unwrap();
            let purge = operation == Operation::Remove;
            assert_eq!(expired, if purge { 0 } else { done }, "{what}: the expiry");
        }
    }
}

fn a_long_error_queue_is_operated_whole(store: &dyn Store) {
    let items: Vec<NewItem> = (0..2500)
        .map(|number| NewItem {
            failed: Some(Outcome::new(Class::Missing, "gone")),
            ..new_item("study", &format!("i{number}"), "pacs")
        })
        .collect();
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    let replay = || of_errors(store, &Operation::Replay, &Filter::default(), false);
    assert_eq!(replay(), 2500);
    assert_eq!(store.counts().unwrap().get(State::Pending), 2500);
    assert_eq!(replay(), 0);
}

fn a_dry_run_changes_nothing(store: &dyn Store) {
    failed(store, "a", "pacs", Class::Rejected);
    failed(store, "b", "pacs", Class::Busy);
    let before = all(store);
    let filter = Filter {
        class: Some(Class::Busy),
        ..Filter::default()
    };
    for operation in [
        Operation::Replay,
        Operation::Remove,
        Operation::Redirect { to: "x".into() },
    ] {
        assert_eq!(of_errors(store, &operation, &filter, true), 1);
        assert_eq!(all(store), before);
    }
    assert_eq!(store.destinations().unwrap().len(), 1);
}

fn a_pause_is_the_destinations(store: &dyn Store) {
    store.set_paused("quiet", false, at(1)).unwrap();
    store.set_paused("pacs", true, at(2)).unwrap();
    store.set_paused("pacs", true, at(3)).unwrap();
    let error = LastError {
        time: at(4),
        class: Class::Unreachable,
        dimse_status: None,
        details: "refused".into(),
    };
    store.set_last_error("third", &error).unwrap();
    let records = store.destinations().unwrap();
    let seen: Vec<(&str, Option<Timestamp>)> = records
        .iter()
        .map(|record| (record.name.as_str(), record.paused_since))
        .collect();
    assert_eq!(
        seen,
        [("pacs", Some(at(2))), ("quiet", None), ("third", None)]
    );
    assert_eq!(records[2].last_error, Some(error));
    assert_eq!(records[0].last_error, None);
    assert_eq!(records[0].oldest_pending, None);
    let id = enqueue(store, &[new_item("study", "a", "pacs")])[0];
    assert_eq!(state(store, id), State::Pending, "never the item's matter");
    store.set_paused("pacs", false, at(5)).unwrap();
    let pacs = store.destination("pacs").unwrap().unwrap();
    assert_eq!(pacs.paused_since, None);
    assert_eq!(store.destination("unknown").unwrap(), None);
}
