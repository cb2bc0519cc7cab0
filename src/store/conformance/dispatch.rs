//! claim, finish and its fence, release, promote, expire, prune.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::item::{Ahead, Reading};
use crate::store::{ClaimTerms, Groups};

pub fn run(make: Make<'_>) {
    the_most_urgent_then_oldest_group_is_claimed(&*one(make));
    a_group_goes_in_its_order(&*one(make));
    a_group_becomes_ready_in_its_order(&*one(make));
    an_attempt_leaves_its_trace(&*one(make));
    a_finish_is_all_or_nothing_for_those_held(&*one(make));
    a_released_worker_changes_nothing(&*one(make));
    a_cancelled_item_stays_cancelled(&*one(make));
    tokens_are_never_given_twice(&*one(make));
    a_start_releases_what_ran(&*one(make));
    jobs_in_hand_are_kept_until_a_result(&*one(make));
    retries_are_promoted_when_due(&*one(make));
    all_of_a_destination_is_promoted_at_once(&*one(make));
    whatever_fails_again_meanwhile_is_promoted_once(&*one(make));
    what_waits_too_long_expires(&*one(make));
    what_is_put_off_expires_later(&*one(make));
    what_expired_by_a_wrong_clock_waits_again(&*one(make));
    the_clock_is_remembered(&*one(make));
    what_is_at_rest_is_pruned(&*one(make));
}

fn the_most_urgent_then_oldest_group_is_claimed(store: &dyn Store) {
    let urgent = |instance: &str, study: &str, priority| NewItem {
        priority,
        ..new_item(study, instance, "pacs")
    };
    let made = enqueue(
        store,
        &[
            urgent("a", "s1", Priority::Low),
            urgent("b", "s1", Priority::High),
            urgent("c", "s2", Priority::High),
            urgent("d", "s1", Priority::High),
            urgent("e", "s1", Priority::High),
            new_item("s1", "f", "other"),
            urgent("g", "s3", Priority::Stat),
        ],
    );
    let next = |limit| {
        let claim = store.claim("pacs", Pick::MostUrgent, limit).unwrap()?;
        assert!(claim.items.iter().all(|item| item.state == State::Running));
        assert!(claim.items.iter().all(|item| item == &read(store, item.id)));
        Some(ids(&claim))
    };
    assert_eq!(next(10), Some(vec![made[6]]));
    assert_eq!(next(2), Some(vec![made[1], made[3]]), "at most the limit");
    assert_eq!(next(10), Some(vec![made[2]]), "the oldest of this priority");
    assert_eq!(next(10), Some(vec![made[4]]));
    assert_eq!(next(10), Some(vec![made[0]]));
    assert_eq!(next(10), None);
    assert!(
        store
            .claim("unknown", Pick::MostUrgent, 10)
            .unwrap()
            .is_none()
    );
    assert_eq!(state(store, made[5]), State::Pending);
    check_counts(store);
}

/// As it arrives: a series backwards, what refers to it in between, and another group.
fn a_group_goes_in_its_order(store: &dyn Store) {
    let new = |place: i64, instance: &str| NewItem {
        place,
        ..new_item("s1", instance, "pacs")
    };
    let mut other = new(-7, "other");
    other.group = "s2".into();
    let report = enqueue(store, &[new(1 << 40, "report")])[0];
    let made = enqueue(
        store,
        &[
            new(3, "c"),
            new(i64::MAX, "last"),
            other,
            new(2, "b"),
            new(2, "b2"),
        ],
    );
    let first = enqueue(store, &[new(-1, "a")])[0];
    let urgent = NewItem {
        priority: Priority::High,
        ..new(5, "urgent")
    };
    let urgent = enqueue(store, &[urgent])[0];
    let next = |limit| {
        ids(&store
            .claim("pacs", Pick::MostUrgent, limit)
            .unwrap()
            .unwrap())
    };
    assert_eq!(next(2), [urgent], "priority comes first");
    // Of equal places the older one.
    let claimed = store.claim("pacs", Pick::MostUrgent, 3).unwrap().unwrap();
    assert_eq!(ids(&claimed), [first, made[3], made[4]]);
    // What is given back, or tried again, or replayed, has its place.
    finish(store, claimed.token, made[3], Ending::Release);
    finish(
        store,
        claimed.token,
        first,
        Ending::Retry {
            at: at(5),
            attempt: made_busy(),
        },
    );
    finish(store, claimed.token, made[4], Ending::Fail(made_busy()));
    assert_eq!(next(1), [made[3]]);
    assert_eq!(store.promote(at(5), 10).unwrap(), ["pacs"]);
    store.replay(made[4], None).unwrap();
    let terms = ClaimTerms {
        groups: Groups::Only("s1"),
        pick: Pick::MostUrgent,
        limit: 2,
        alters: false,
    };
    let of_group = store.claim_of("pacs", &terms);
    assert_eq!(ids(&of_group.unwrap().unwrap()), [first, made[4]]);
    assert_eq!(
        next(2),
        [made[0], report],
        "what came late goes before what it belongs before"
    );
    assert_eq!(next(9), [made[1]]);
    assert_eq!(next(9), [made[2]]);
    check_counts(store);
}

fn made_busy() -> AttemptMade {
    made(Class::Busy)
}

/// A large group becomes ready in steps: what is claimed in between is what goes first.
fn a_group_becomes_ready_in_its_order(store: &dyn Store) {
    let quiet = |place: i64| NewItem {
        place,
        not_before: Some(at(10)),
        ..new_item("s1", &format!("i{place}"), "pacs")
    };
    let made = enqueue(store, &[3, 1, 4, 0, 2].map(quiet));
    let mut order = Vec::new();
    while order.len() < made.len() {
        assert_eq!(store.promote(at(10), 2).unwrap(), ["pacs"]);
        order.extend(ids(&claim(store, "pacs")));
    }
    assert_eq!(order, [made[3], made[1], made[4], made[0], made[2]]);
}

fn an_attempt_leaves_its_trace(store: &dyn Store) {
    let id = enqueue(store, &[new_item("study", "a", "pacs")])[0];
    let busy = AttemptMade {
        started: at(10),
        duration_us: 7,
        outcome: Outcome::of_status(0xA700, "full"),
        counted: true,
        sent_as: Some("2.25.7".into()),
        altered: Some(false),
        confirm: None,
    };
    let token = claim(store, "pacs").token;
    let retry = Ending::Retry {
        at: at(30),
        attempt: busy,
    };
    assert_eq!(finish(store, token, id, retry), 1);
    let item = read(store, id);
    assert_eq!(item.state, State::Retry);
    assert_eq!((item.attempt_count, item.next_attempt), (1, Some(at(30))));
    assert_eq!(item.class, Some(Class::Busy));
    assert_eq!(item.dimse_status, Some(0xA700));
    assert_eq!(
        (item.details.as_deref(), item.completed),
        (Some("full"), None)
    );
    let record = store.destination("pacs").unwrap().unwrap();
    let error = record.last_error.unwrap();
    assert_eq!((error.time, error.class), (at(2), Class::Busy));
    assert_eq!(error.dimse_status, Some(0xA700));
    assert_eq!(record.last_success, None);
    store.promote(at(30), 10).unwrap();
    let token = claim(store, "pacs").token;
    finish(store, token, id, Ending::Release);
    assert_eq!(read(store, id).attempt_count, 1);
    assert_eq!(attempts(store, id).len(), 1, "a release records nothing");
    let token = claim(store, "pacs").token;
    let success = Ending::Complete(made(Class::Warning));
    assert_eq!(finish(store, token, id, success), 1);
    let item = read(store, id);
    assert_eq!(item.state, State::Success);
    assert_eq!((item.attempt_count, item.completed), (2, Some(at(2))));
    assert_eq!(
        (item.class, item.dimse_status),
        (Some(Class::Warning), None)
    );
    let record = store.destination("pacs").unwrap().unwrap();
    assert_eq!(record.last_success, Some(at(2)));
    let attempts = attempts(store, id);
    let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(
        attempts[0],
        Attempt {
            number: 1,
            destination: "pacs".into(),
            started: at(10),
            duration_us: 7,
            class: Class::Busy,
            dimse_status: Some(0xA700),
            details: "full".into(),
            sent_as: Some("2.25.7".into()),
        }
    );
    assert_eq!(attempts[1].sent_as, None);
    check_counts(store);
}

fn a_finish_is_all_or_nothing_for_those_held(store: &dyn Store) {
    let items: Vec<NewItem> = ["a", "b", "c", "d", "e"]
        .map(|instance| new_item("study", instance, "pacs"))
        .into();
    let made_ids = enqueue(store, &items);
    let claim = claim(store, "pacs");
    let held = |ids: &[i64]| store.still_claimed(claim.token, ids).unwrap();
    assert_eq!(held(&made_ids), made_ids);
    store.cancel(made_ids[2], at(1)).unwrap();
    assert_eq!(held(&made_ids).len(), 4);
    let mut missing = made(Class::Missing);
    missing.counted = false;
    let verbs = [
        Ending::Complete(made(Class::Success)),
        Ending::Fail(missing),
        Ending::Complete(made(Class::Success)),
        Ending::Release,
    ];
    let mut results: Vec<Finish> = made_ids
        .iter()
        .zip(verbs)
        .map(|(id, verb)| Finish {
            id: *id,
            ending: verb,
        })
        .collect();
    // The same item twice, and one that never was.
    results.push(results[0].clone());
    results.push(Finish {
        id: 999_999,
        ending: Ending::Release,
    });
    assert_eq!(store.finish(claim.token, &results, at(2)).unwrap(), 3);
    let states: Vec<State> = made_ids.iter().map(|id| state(store, *id)).collect();
    use State::*;
    assert_eq!(states, [Success, Failure, Cancelled, Pending, Running]);
    assert_eq!(read(store, made_ids[1]).attempt_count, 0, "not counted");
    assert_eq!(attempts(store, made_ids[1]).len(), 1, "but recorded");
    assert_eq!(attempts(store, made_ids[0]).len(), 1);
    assert_eq!(held(&made_ids), [made_ids[4]]);
    assert_eq!(store.finish(claim.token, &[], at(2)).unwrap(), 0);
    check_counts(store);
}

fn a_released_worker_changes_nothing(store: &dyn Store) {
    let id = enqueue(store, &[new_item("study", "a", "pacs")])[0];
    let stale = claim(store, "pacs").token;
    assert_eq!(store.begin(at(1)).unwrap().released, 1);
    for again in [false, true] {
        if again {
            assert_ne!(claim(store, "pacs").token, stale);
        }
        let before = store.item(id).unwrap();
        for verb in [
            Ending::Complete(made(Class::Success)),
            Ending::Fail(made(Class::Rejected)),
            Ending::Release,
            Ending::Retry {
                at: at(9),
                attempt: made(Class::Busy),
            },
        ] {
            assert_eq!(finish(store, stale, id, verb), 0);
            assert_eq!(store.item(id).unwrap(), before);
        }
        assert!(store.still_claimed(stale, &[id]).unwrap().is_empty());
    }
    let record = store.destination("pacs").unwrap().unwrap();
    assert_eq!((record.last_success, record.last_error), (None, None));
}

fn a_cancelled_item_stays_cancelled(store: &dyn Store) {
    let id = enqueue(store, &[new_item("study", "a", "pacs")])[0];
    let token = claim(store, "pacs").token;
    store.cancel(id, at(1)).unwrap();
    let success = Ending::Complete(made(Class::Success));
    assert_eq!(finish(store, token, id, success), 0);
    let item = read(store, id);
    assert_eq!(
        (item.state, item.completed),
        (State::Cancelled, Some(at(1)))
    );
    assert!(attempts(store, id).is_empty());
}

fn tokens_are_never_given_twice(store: &dyn Store) {
    let id = enqueue(store, &[new_item("study", "a", "pacs")])[0];
    let mut tokens = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let token = claim(store, "pacs").token;
        assert!(tokens.insert(token));
        finish(store, token, id, Ending::Release);
    }
}

fn a_start_releases_what_ran(store: &dyn Store) {
    let new = |instance, destination| new_item("study", instance, destination);
    let ids = enqueue(
        store,
        &[new("a", "pacs"), new("b", "other"), new("c", "idle")],
    );
    claim(store, "pacs");
    claim(store, "other");
    assert_eq!(store.begin(at(1)).unwrap().released, 2);
    for id in ids {
        let (item, attempts) = store.item(id).unwrap().unwrap();
        assert_eq!((item.state, item.attempt_count), (State::Pending, 0));
        assert!(attempts.is_empty());
    }
    assert_eq!(store.begin(at(1)).unwrap().released, 0);
    check_counts(store);
}

fn jobs_in_hand_are_kept_until_a_result(store: &dyn Store) {
    let new = |instance, destination| new_item("study", instance, destination);
    let mine = [new("a", "pacs"), new("b", "pacs"), new("c", "pacs")];
    let ids = enqueue(store, &mine);
    enqueue(store, &[new("d", "other")]);
    let (pacs, other) = (claim(store, "pacs"), claim(store, "other"));
    let hand = |first: usize, last: usize, job: Option<&str>| Hand {
        first: ids[first],
        last: ids[last],
        job: job.map(str::to_owned),
    };
    let jobs = || store.jobs_in_hand().unwrap();
    store.set_hand(pacs.token, &hand(0, 1, None)).unwrap();
    assert!(jobs().is_empty(), "its identifier is not known yet");
    store
        .set_hand(pacs.token, &hand(0, 1, Some("one")))
        .unwrap();
    store
        .set_hand(other.token, &hand(2, 2, Some("two")))
        .unwrap();
    assert_eq!(jobs(), ["one", "two"]);
    // What is not in hand ends nothing: Orthanc may have stopped before it told of the job.
    finish(store, pacs.token, ids[2], Ending::Release);
    assert_eq!(jobs(), ["one", "two"]);
    let success = Ending::Complete(made(Class::Success));
    finish(store, pacs.token, ids[0], success);
    assert_eq!(jobs(), ["two"]);
    store.begin(at(3)).unwrap();
    assert!(jobs().is_empty(), "of the run before");
}

fn retries_are_promoted_when_due(store: &dyn Store) {
    let mut waiting = Vec::new();
    for (destination, due) in [("pacs", 10), ("other", 20), ("third", 30)] {
        let id = enqueue(store, &[new_item("study", "a", destination)])[0];
        let retry = Ending::Retry {
            at: at(due),
            attempt: made(Class::Busy),
        };
        finish(store, claim(store, destination).token, id, retry);
        waiting.push(id);
    }
    assert_eq!(store.next_due().unwrap(), Some(at(10)));
    assert!(store.promote(at(9), 10).unwrap().is_empty());
    let mut names = store.promote(at(20), 10).unwrap();
    names.sort();
    assert_eq!(names, ["other", "pacs"]);
    assert_eq!(store.next_due().unwrap(), Some(at(30)));
    assert_eq!(state(store, waiting[2]), State::Retry);
    assert_eq!(read(store, waiting[0]).next_attempt, None);
    check_counts(store);
}

fn all_of_a_destination_is_promoted_at_once(store: &dyn Store) {
    let later = |instance: &str, study: &str, destination: &str| NewItem {
        not_before: Some(at(FAR)),
        ..new_item(study, instance, destination)
    };
    // More than one step of it.
    let mut items: Vec<NewItem> = (0..1200)
        .map(|number| later(&format!("i{number}"), &format!("s{}", number % 7), "pacs"))
        .collect();
    items.push(later("x", "s1", "other"));
    enqueue(store, &items);
    assert_eq!(promote_all(store, "unknown"), 0);
    assert_eq!(promote_all(store, "pacs"), 1200);
    assert_eq!(promote_all(store, "pacs"), 0);
    let of = |name: &str, state| store.destination(name).unwrap().unwrap().counts.get(state);
    assert_eq!(of("pacs", State::Pending), 1200);
    assert_eq!(of("other", State::Scheduled), 1);
    // What was waited for is forgotten: a new arrival begins anew.
    assert_eq!(store.next_due().unwrap(), Some(at(FAR)));
    promote_all(store, "other");
    assert_eq!(store.next_due().unwrap(), None);
}

/// A destination refuses each item as soon as it is ready.
fn whatever_fails_again_meanwhile_is_promoted_once(store: &dyn Store) {
    const ITEMS: usize = 2500;
    let items: Vec<NewItem> = (0..ITEMS)
        .map(|number| new_item("study", &format!("i{number}"), "pacs"))
        .collect();
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    let refuse = || {
        let claim = store.claim("pacs", Pick::MostUrgent, 100).unwrap();
        let Some(claim) = claim else {
            return 0;
        };
        let retry = |item: &Item| Finish {
            id: item.id,
            ending: Ending::Retry {
                at: at(FAR),
                attempt: made(Class::Busy),
            },
        };
        let results: Vec<Finish> = claim.items.iter().map(retry).collect();
        store.finish(claim.token, &results, at(2)).unwrap()
    };
    while refuse() > 0 {}
    let over = AtomicBool::new(false);
    let promoted = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                refuse();
            }
        });
        let promoted = promote_all(store, "pacs");
        over.store(true, Ordering::Relaxed);
        promoted
    });
    assert_eq!(promoted, ITEMS as u64);
    while refuse() > 0 {}
    for item in all(store) {
        assert_eq!(item.attempt_count, 2, "{}", item.ids.instance);
    }
}

fn what_waits_too_long_expires(store: &dyn Store) {
    let new = |instance: &str, expires, not_before: Option<i64>| NewItem {
        expires: Some(at(expires)),
        not_before: not_before.map(at),
        ..new_item("study", instance, "pacs")
    };
    let ids = enqueue(
        store,
        &[
            new("a", 10, None),
            new("b", 20, Some(500)),
            new("c", 30, None),
            new_item("study", "never", "pacs"),
        ],
    );
    assert_eq!(store.expire(at(9), 10).unwrap(), 0);
    assert_eq!(store.expire(at(30), 1).unwrap(), 1, "the limit");
    assert_eq!(store.expire(at(20), 10).unwrap(), 1);
    for id in &ids[..2] {
        let item = read(store, *id);
        assert_eq!(
            (item.state, item.class),
            (State::Failure, Some(Class::Expired))
        );
        assert_eq!(item.next_attempt, None);
        assert_eq!(item.attempt_count, 0);
        assert!(item.details.is_some() && item.completed.is_some());
        assert!(attempts(store, *id).is_empty(), "nothing was tried");
    }
    assert_eq!(store.next_due().unwrap(), None, "its hold is gone");
    assert_eq!(claim(store, "pacs").items.len(), 2);
    assert_eq!(
        store.expire(at(FAR), 10).unwrap(),
        0,
        "what runs does not expire"
    );
    check_counts(store);
}

fn what_is_put_off_expires_later(store: &dyn Store) {
    let new = |instance: &str, destination: &str, expires: Option<i64>| NewItem {
        expires: expires.map(at),
        ..new_item("study", instance, destination)
    };
    let ids = enqueue(
        store,
        &[
            new("a", "away", Some(10)),
            new("b", "away", Some(30)),
            new("c", "away", None),
            new("d", "pacs", Some(10)),
        ],
    );
    assert_eq!(store.put_off("unknown", at(20), at(50), 9).unwrap(), 0);
    assert_eq!(store.put_off("away", at(20), at(50), 9).unwrap(), 1);
    assert_eq!(store.put_off("away", at(20), at(50), 9).unwrap(), 0);
    assert_eq!(store.expire(at(20), 9).unwrap(), 1, "the other's");
    assert_eq!(state(store, ids[3]), State::Failure);
    assert_eq!(store.expire(at(49), 9).unwrap(), 1);
    assert_eq!(state(store, ids[1]), State::Failure);
    assert_eq!(store.next_expiry().unwrap(), Some(at(50)));
    assert_eq!(store.expire(at(50), 9).unwrap(), 1);
    assert_eq!(state(store, ids[2]), State::Pending);
}

fn what_expired_by_a_wrong_clock_waits_again(store: &dyn Store) {
    let new = |instance: &str, destination: &str, expires| NewItem {
        expires: Some(at(expires)),
        ..new_item("study", instance, destination)
    };
    let before = enqueue(
        store,
        &[
            new("long ago", "pacs", 50),
            new("wrongly", "pacs", 110),
            new("rightly", "pacs", 101),
            new("waits", "pacs", 130),
            new("runs", "other", 140),
            new_item("study", "never", "pacs"),
        ],
    );
    assert_eq!(store.expire(at(60), 10).unwrap(), 1);
    let claim = claim(store, "other");
    // The start, with 20 s too many counted.
    let after = enqueue_at(store, &[new("after", "pacs", 112)], at(100));
    assert_eq!(store.expire(at(115), 10).unwrap(), 3);
    assert_eq!(
        store
            .pardon(at(100), Duration::from_secs(20), at(125))
            .unwrap(),
        1
    );
    let states: Vec<State> = before.iter().map(|id| state(store, *id)).collect();
    assert_eq!(
        states,
        [
            State::Failure,
            State::Pending,
            State::Failure,
            State::Pending,
            State::Running,
            State::Pending
        ]
    );
    assert_eq!(state(store, after[0]), State::Failure, "it really waited");
    let back = read(store, before[1]);
    assert_eq!(
        (back.class, back.details, back.completed),
        (None, None, None)
    );
    check_counts(store);
    finish(store, claim.token, before[4], Ending::Release);
    for (id, expires) in [(before[1], 130), (before[3], 150), (before[4], 160)] {
        store.expire(at(expires - 1), 10).unwrap();
        assert_eq!(state(store, id), State::Pending, "{id}");
        store.expire(at(expires), 10).unwrap();
        assert_eq!(state(store, id), State::Failure, "{id}");
    }
}

fn the_clock_is_remembered(store: &dyn Store) {
    assert_eq!(store.reading().unwrap(), None);
    for ahead in [0, -7] {
        let reading = Reading {
            own: at(5),
            ahead: Ahead::from_micros(ahead),
        };
        store.set_reading(reading).unwrap();
        assert_eq!(store.reading().unwrap(), Some(reading));
    }
}

fn what_is_at_rest_is_pruned(store: &dyn Store) {
    let items: Vec<NewItem> = ["a", "b", "c", "d", "e"]
        .map(|instance| new_item("study", instance, "pacs"))
        .into();
    let ids = enqueue(store, &items);
    let token = claim(store, "pacs").token;
    for id in &ids[..2] {
        finish(store, token, *id, Ending::Complete(made(Class::Success)));
    }
    finish(store, token, ids[2], Ending::Fail(made(Class::Rejected)));
    store.cancel(ids[3], at(2)).unwrap();
    assert_eq!(store.prune(at(2), 10).unwrap(), 0, "not before its time");
    assert_eq!(store.prune(at(3), 2).unwrap(), 2, "the limit");
    assert_eq!(store.prune(at(3), 10).unwrap(), 1);
    let left: Vec<i64> = all(store).iter().map(|item| item.id).collect();
    assert_eq!(left, [ids[2], ids[4]], "the error queue and what runs stay");
    assert_eq!(store.item(ids[0]).unwrap(), None);
    check_counts(store);
}
