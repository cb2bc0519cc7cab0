//! enqueue, the cursor, quiet periods.

use std::collections::BTreeSet;

use super::*;
use crate::item::{Again, Ids};
use crate::store::{Cursor, Enqueued, Gap, Reached};

pub fn run(make: Make<'_>) {
    an_arrival_becomes_an_item(&*one(make));
    arrivals_are_merged_with_what_waits(&*one(make));
    requests_are_merged_with_what_runs_too(&*one(make));
    one_item_for_each_reception(&*one(make));
    what_is_received_again(&*one(make));
    what_waits_is_of_the_newest_reception(&*one(make));
    the_cursor_moves_with_the_items(&*one(make));
    gaps_change_with_the_cursor(&*one(make));
    a_failed_arrival_is_in_the_error_queue(&*one(make));
    what_waits_is_taken_back_where_its_new_content_is_undecided(&*one(make));
    a_quiet_period_begins_anew_for_the_whole_group(&*one(make));
    a_quiet_period_of_a_single_instance_begins_anew(&*one(make));
    a_group_that_is_never_quiet_goes_in_steps(&*one(make));
    a_quiet_period_that_nothing_waits_for_does_not_begin(&*one(make));
    a_ceiling_is_lowered_and_never_raised(&*one(make));
    counting_what_is_new_changes_nothing(&*one(make));
    text_is_data(&*one(make));
    a_long_text_is_cut(&*one(make));
}

fn an_arrival_becomes_an_item(store: &dyn Store) {
    let mut new = new_item("study", "a", "pacs");
    new.priority = Priority::High;
    let id = enqueue(store, &[new])[0];
    let expected = Item {
        id,
        ids: Ids {
            instance: "a".into(),
            sop_instance_uid: "1.2.a".into(),
            series: "study-series".into(),
            study: "study".into(),
            patient: "study-patient".into(),
        },
        destination: "pacs".into(),
        rule: Some("rule".into()),
        remote_aet: Some("AET".into()),
        state: State::Pending,
        priority: Priority::High,
        attempt_count: 0,
        created: at(0),
        next_attempt: None,
        completed: None,
        class: None,
        dimse_status: None,
        details: None,
        size_bytes: 10,
        confirmation: crate::item::Confirmation::None,
    };
    assert_eq!(store.item(id).unwrap(), Some((expected, Vec::new())));
    assert_eq!(store.item(id + 1).unwrap(), None);
    check_counts(store);
}

fn arrivals_are_merged_with_what_waits(store: &dyn Store) {
    let new = new_item("study", "a", "pacs");
    let twice = [new.clone(), new.clone(), new_item("study", "a", "other")];
    let send = |items: &[NewItem]| store.enqueue(&Intake::arrival(items), at(0)).unwrap();
    let expected = Enqueued {
        enqueued: 2,
        already_queued: 1,
        ..Enqueued::default()
    };
    assert_eq!(send(&twice), expected, "Pending");
    let first = claim(store, "pacs");
    // It may have read the old content already.
    assert_eq!(send(std::slice::from_ref(&new)).enqueued, 1, "Running");
    assert_eq!(
        send(std::slice::from_ref(&new)).already_queued,
        1,
        "Running and Pending"
    );
    let second = claim(store, "pacs");
    assert_ne!(ids(&first), ids(&second));
    finish(
        store,
        second.token,
        second.items[0].id,
        Ending::Retry {
            at: at(9),
            attempt: made(Class::Busy),
        },
    );
    assert_eq!(send(std::slice::from_ref(&new)).already_queued, 1, "Retry");
    store.cancel(second.items[0].id, at(3)).unwrap();
    let success = Ending::Complete(made(Class::Success));
    finish(store, first.token, first.items[0].id, success);
    assert_eq!(
        send(std::slice::from_ref(&new)).enqueued,
        1,
        "Success and Cancelled"
    );
    fail_all(store, "pacs", Class::Rejected);
    assert_eq!(send(&[new]).enqueued, 1, "Failure");
    check_counts(store);
}

fn requests_are_merged_with_what_runs_too(store: &dyn Store) {
    let new = new_item("study", "a", "pacs");
    let ask = || {
        store
            .enqueue(&Intake::request(std::slice::from_ref(&new)), at(0))
            .unwrap()
    };
    assert_eq!(ask().enqueued, 1);
    assert_eq!(ask().already_queued, 1, "Pending");
    let claim = claim(store, "pacs");
    assert_eq!(ask().already_queued, 1, "Running");
    let success = Ending::Complete(made(Class::Success));
    finish(store, claim.token, claim.items[0].id, success);
    assert_eq!(ask().enqueued, 1, "Success");
    // What failed is told, and stays as it is: beside what is made, and beside what waits.
    let failed: BTreeSet<i64> = fail_all(store, "pacs", Class::Rejected)
        .into_iter()
        .collect();
    assert_eq!(failed.len(), 1);
    for enqueued in [1, 0] {
        let foretold = store.count_new(&Intake::request(std::slice::from_ref(&new)));
        let answer = ask();
        assert_eq!(foretold.unwrap(), answer);
        assert_eq!((answer.enqueued, &answer.failed), (enqueued, &failed));
    }
    let elsewhere = [
        new_item("study", "a", "other"),
        new_item("study", "b", "pacs"),
    ];
    let answer = store.enqueue(&Intake::request(&elsewhere), at(0)).unwrap();
    assert_eq!(answer.failed, BTreeSet::new());
    // To what arrives it is nothing.
    let answer = store.enqueue(&Intake::arrival(&[new]), at(0)).unwrap();
    assert_eq!(answer.failed, BTreeSet::new());
    assert_eq!(
        failed.len() as u64,
        store.counts().unwrap().get(State::Failure)
    );
}

fn received(instance: &str, file: &str, digest: &str, again: Again) -> NewItem {
    NewItem {
        reception: Reception {
            file: Some(file.into()),
            digest: (!digest.is_empty()).then(|| digest.into()),
            repeated: None,
            unseen_since: None,
            again,
        },
        ..new_item("study", instance, "pacs")
    }
}

/// The same file, told again by Orthanc that kept it.
fn told_again(instance: &str, seconds: i64, again: Again) -> NewItem {
    let mut new = received(instance, "f", "", again);
    new.reception.repeated = Some(at(seconds));
    new
}

fn arrive(store: &dyn Store, new: &NewItem) -> Enqueued {
    let new = std::slice::from_ref(new);
    let foretold = store.count_new(&Intake::arrival(new)).unwrap();
    let answer = store.enqueue(&Intake::arrival(new), at(0)).unwrap();
    assert_eq!(foretold, answer);
    answer
}

fn end(store: &dyn Store, verb: impl Fn() -> Ending) {
    let claim = claim(store, "pacs");
    for item in &claim.items {
        finish(store, claim.token, item.id, verb());
    }
}

fn one_item_for_each_reception(store: &dyn Store) {
    let first = received("a", "f1", "", Again::Always);
    assert_eq!(arrive(store, &first).enqueued, 1);
    end(store, || Ending::Complete(made(Class::Success)));
    assert_eq!(arrive(store, &first).already_queued, 1, "the same");
    let second = received("a", "f2", "", Again::Always);
    let expected = Enqueued {
        enqueued: 1,
        again: vec![0],
        ..Enqueued::default()
    };
    assert_eq!(arrive(store, &second), expected);
    end(store, || Ending::Fail(made(Class::Rejected)));
    assert_eq!(arrive(store, &second).already_queued, 1, "failed");
    let mut third = told_again("a", 1, Again::Always);
    third.reception.file = Some("f2".into());
    assert_eq!(arrive(store, &third), expected);
    end(store, || Ending::Complete(made(Class::Success)));
    assert_eq!(arrive(store, &third).already_queued, 1);
    assert_eq!(all(store).len(), 3);
    // A person may have it sent as often as he likes.
    let answer = store.enqueue(&Intake::request(&[second]), at(0));
    assert_eq!(answer.unwrap().enqueued, 1);
}

fn what_is_received_again(store: &dyn Store) {
    let held_back = Enqueued {
        held_back: vec![0],
        ..Enqueued::default()
    };
    let arrives = |instance: &str, file: &str, digest: &str, again| {
        let answer = arrive(store, &received(instance, file, digest, again));
        assert_eq!(answer.already_queued, 0);
        assert!(answer.enqueued == 1 || answer == held_back);
        answer.enqueued == 1
    };
    let success = || end(store, || Ending::Complete(made(Class::Success)));
    let changed = Again::IfChanged;

    assert!(arrives("a", "f1", "d1", changed));
    success();
    assert!(!arrives("a", "f2", "d1", changed), "unchanged");
    assert!(arrives("a", "f3", "d2", changed), "changed");
    success();
    assert!(arrives("a", "f4", "d1", changed), "and changed back");
    let running = claim(store, "pacs");
    assert!(!arrives("a", "f5", "d1", changed), "is being sent");
    let id = running.items[0].id;
    let failed = Ending::Fail(made(Class::Rejected));
    finish(store, running.token, id, failed);
    assert!(arrives("a", "f6", "d1", changed), "it did not get there");
    success();
    assert!(arrives("a", "f7", "", changed), "nothing is known");
    success();
    assert!(arrives("a", "f8", "d1", changed), "nothing was known");
    success();
    assert!(!arrives("a", "f9", "d3", Again::Never));
    assert!(arrives("a", "f9", "d1", Again::Always));
    success();

    // What Orthanc did not store.
    assert!(arrives("b", "f", "", changed));
    success();
    for again in [changed, Again::Never] {
        assert_eq!(arrive(store, &told_again("b", 1, again)), held_back);
        assert_eq!(arrive(store, &told_again("never", 1, again)), held_back);
    }
    assert_eq!(
        arrive(store, &told_again("b", 1, Again::Always)).enqueued,
        1
    );
    end(store, || Ending::Fail(made(Class::Rejected)));
    assert_eq!(arrive(store, &told_again("b", 2, changed)).enqueued, 1);
    success();

    // What a person sent is no reception.
    let asked = NewItem {
        rule: None,
        ..new_item("study", "c", "pacs")
    };
    store.enqueue(&Intake::request(&[asked]), at(0)).unwrap();
    success();
    assert!(arrives("c", "f1", "d1", Again::Never));
}

/// What is overwritten while it waits is sent as it is then: the next comparison is with that.
fn what_waits_is_of_the_newest_reception(store: &dyn Store) {
    let arrives =
        |file: &str, digest: &str| arrive(store, &received("a", file, digest, Again::IfChanged));
    assert_eq!(arrives("f1", "d1").enqueued, 1);
    assert_eq!(arrives("f2", "d2").already_queued, 1);
    end(store, || Ending::Complete(made(Class::Success)));
    assert_eq!(arrives("f3", "d2").held_back, [0]);
    assert_eq!(arrives("f4", "d1").enqueued, 1);
}

fn the_cursor_moves_with_the_items(store: &dyn Store) {
    assert_eq!(store.cursor().unwrap(), None);
    let first = Cursor {
        seq: 5_000_000_000,
        date: "20261120T235959".into(),
    };
    let new = new_item("study", "a", "pacs");
    store
        .enqueue(
            &Intake::arrival(&[new]).up_to(Some(&first.clone().into())),
            at(0),
        )
        .unwrap();
    assert_eq!(store.cursor().unwrap(), Some(first.clone()));
    store.enqueue(&Intake::arrival(&[]), at(0)).unwrap();
    assert_eq!(store.cursor().unwrap(), Some(first));
    let second = Cursor {
        seq: 7,
        date: String::new(),
    };
    let answer = store.enqueue(
        &Intake::arrival(&[]).up_to(Some(&second.clone().into())),
        at(0),
    );
    assert_eq!(answer.unwrap(), Enqueued::default());
    assert_eq!(store.cursor().unwrap(), Some(second));
    assert_eq!(all(store).len(), 1);
}

fn gaps_change_with_the_cursor(store: &dyn Store) {
    let gap = |first, last, seen| Gap {
        first,
        last,
        first_seen: at(seen),
    };
    let reach = |seq, closed: &[i64], opened: &[Gap]| {
        let reached = Reached {
            cursor: Cursor {
                seq,
                date: String::new(),
            },
            closed: closed.to_vec(),
            opened: opened.to_vec(),
        };
        let new = new_item("study", &format!("instance {seq}"), "pacs");
        store
            .enqueue(&Intake::arrival(&[new]).up_to(Some(&reached)), at(0))
            .unwrap();
        assert_eq!(store.cursor().unwrap().unwrap().seq, seq);
        store.gaps().unwrap()
    };
    assert_eq!(store.gaps().unwrap(), []);
    let far = 5_000_000_000;
    let (small, wide) = (gap(5, 5, 1), gap(far, far + 9, 2));
    assert_eq!(reach(far + 10, &[], &[wide, small]), [small, wide]);
    // A line within a gap leaves two.
    let (left, right) = (gap(far, far + 3, 2), gap(far + 5, far + 9, 2));
    assert_eq!(reach(far + 11, &[5, far], &[left, right]), [left, right]);
    assert_eq!(reach(far + 12, &[far, 77], &[]), [right]);
    // A cursor without gaps leaves them.
    let cursor = store.cursor().unwrap().unwrap();
    store
        .enqueue(&Intake::arrival(&[]).up_to(Some(&cursor.into())), at(0))
        .unwrap();
    assert_eq!(store.gaps().unwrap(), [right]);
}

fn a_failed_arrival_is_in_the_error_queue(store: &dyn Store) {
    let mut new = new_item("study", "a", "pacs");
    new.failed = Some(Outcome::of_status(0xC123, "no"));
    new.not_before = Some(at(50));
    let id = enqueue(store, &[new])[0];
    let (item, attempts) = store.item(id).unwrap().unwrap();
    assert_eq!(item.state, State::Failure);
    assert_eq!(item.completed, Some(at(0)));
    assert_eq!(item.class, Some(Class::Rejected));
    assert_eq!(item.dimse_status, Some(0xC123));
    assert_eq!(item.details.as_deref(), Some("no"));
    assert_eq!((item.next_attempt, item.attempt_count), (None, 0));
    assert!(attempts.is_empty(), "nothing was tried");
    assert_eq!(store.next_due().unwrap(), None);
    check_counts(store);
}

/// It would send what nobody has decided to send.
fn what_waits_is_taken_back_where_its_new_content_is_undecided(store: &dyn Store) {
    let received = |instance: &str, file: &str| {
        let mut new = new_item("study", instance, "pacs");
        new.reception.file = Some(file.into());
        new
    };
    let undecided = |instance: &str, file: &str| {
        let mut new = received(instance, file);
        new.failed = Some(Outcome::new(Class::Internal, "undecided"));
        new
    };
    let mut waits = received("b", "one");
    waits.not_before = Some(at(50));
    let mut asked = received("c", "one");
    asked.rule = None;
    let ids = enqueue(store, &[received("a", "one"), waits, asked]);
    let state = |id: i64| store.item(id).unwrap().unwrap().0.state;
    // The same content, read once more, was decided.
    let again = ["a", "b", "c"].map(|instance| undecided(instance, "one"));
    assert_eq!(
        store
            .enqueue(&Intake::arrival(&again), at(1))
            .unwrap()
            .already_queued,
        3
    );
    assert_eq!(
        (state(ids[0]), state(ids[1])),
        (State::Pending, State::Scheduled)
    );
    let other = ["a", "b", "c"].map(|instance| undecided(instance, "two"));
    assert_eq!(
        store
            .count_new(&Intake::arrival(&other))
            .unwrap()
            .already_queued,
        3
    );
    assert_eq!(
        store
            .enqueue(&Intake::arrival(&other), at(2))
            .unwrap()
            .already_queued,
        3
    );
    assert_eq!(
        (state(ids[0]), state(ids[1])),
        (State::Failure, State::Failure)
    );
    assert_eq!(state(ids[2]), State::Pending, "a person asked for it");
    let (item, _) = store.item(ids[0]).unwrap().unwrap();
    assert_eq!(item.details.as_deref(), Some("undecided"));
    assert_eq!(
        store.next_due().unwrap(),
        None,
        "nothing waits for its group"
    );
    check_counts(store);
}

fn scheduled(instance: &str, group: &str, seconds: i64) -> NewItem {
    NewItem {
        group: group.into(),
        not_before: Some(at(seconds)),
        ..new_item("study", instance, "pacs")
    }
}

fn a_quiet_period_begins_anew_for_the_whole_group(store: &dyn Store) {
    let first = enqueue(store, &[scheduled("a", "study", 60)])[0];
    assert_eq!(state(store, first), State::Scheduled);
    assert_eq!(read(store, first).next_attempt, Some(at(60)));
    let other = enqueue(store, &[scheduled("x", "other", 60)])[0];
    let second = enqueue(store, &[scheduled("b", "study", 90)])[0];
    for id in [first, second] {
        assert_eq!(read(store, id).next_attempt, Some(at(90)));
    }
    assert_eq!(read(store, other).next_attempt, Some(at(60)));
    // The same instance again makes no item, but it is an arrival.
    assert!(enqueue(store, &[scheduled("a", "study", 100)]).is_empty());
    assert_eq!(read(store, second).next_attempt, Some(at(100)));
    assert_eq!(store.next_due().unwrap(), Some(at(60)));
    assert_eq!(store.promote(at(99), 10).unwrap(), ["pacs"]);
    assert_eq!(state(store, other), State::Pending);
    assert_eq!(state(store, first), State::Scheduled);
    assert_eq!(store.next_due().unwrap(), Some(at(100)));
    assert_eq!(store.promote(at(100), 1).unwrap(), ["pacs"]);
    assert_eq!(state(store, first), State::Pending);
    assert_eq!(state(store, second), State::Scheduled, "beyond the limit");
    assert_eq!(store.promote(at(100), 1).unwrap(), ["pacs"]);
    assert_eq!(state(store, second), State::Pending);
    assert_eq!(store.next_due().unwrap(), None);
    assert!(store.promote(at(FAR), 10).unwrap().is_empty());
    assert_eq!(read(store, first).next_attempt, None);
    // A group that is pending is not held again by one that arrives twice.
    enqueue(store, &[scheduled("a", "study", 200)]);
    assert_eq!(store.next_due().unwrap(), None);
    check_counts(store);
}

fn a_quiet_period_of_a_single_instance_begins_anew(store: &dyn Store) {
    let id = enqueue(store, &[scheduled("a", "a", 60)])[0];
    assert!(enqueue(store, &[scheduled("a", "a", 90)]).is_empty());
    assert_eq!(read(store, id).next_attempt, Some(at(90)));
    assert!(store.promote(at(89), 10).unwrap().is_empty());
    assert_eq!(store.promote(at(90), 10).unwrap(), ["pacs"]);
    assert_eq!(ids(&claim(store, "pacs")), [id]);
}

/// An arrival each minute, for hours; each begins a minute and a half, and the first says five minutes in all.
fn a_group_that_is_never_quiet_goes_in_steps(store: &dyn Store) {
    let arrives = |minute: i64, group: &str| {
        let new = NewItem {
            group: group.replace("alone", "i0"),
            not_before: Some(at(minute * 60 + 90)),
            latest: Some(at(minute * 60 + 300)),
            ..new_item(
                "study",
                &if group == "study" {
                    format!("i{minute}")
                } else {
                    "i0".into()
                },
                group,
            )
        };
        enqueue_at(store, &[new], at(minute * 60));
    };
    for group in ["study", "alone"] {
        let mut sent = Vec::new();
        for minute in 0..14 {
            arrives(minute, group);
            let due = store.next_due().unwrap().expect("one waits");
            assert!(due <= at(minute * 60 + 90), "{group} {minute}");
            if due > at(minute * 60 + 60) {
                continue;
            }
            assert!(store.promote(at(minute * 60 + 60), 100).unwrap() == [group]);
            let claim = claim(store, group);
            sent.push((minute, claim.items.len()));
            for id in ids(&claim) {
                finish(
                    store,
                    claim.token,
                    id,
                    Ending::Complete(made(Class::Success)),
                );
            }
        }
        // Five minutes after the first of each step, whole.
        let expected = if group == "study" {
            [(4, 5), (9, 5)]
        } else {
            [(4, 1), (9, 1)]
        };
        assert_eq!(sent, expected, "{group}");
        promote_all(store, group);
    }
    check_counts(store);
}

/// What is told of a group's end is what its first item said: not what came later, unless that says less.
fn a_ceiling_is_lowered_and_never_raised(store: &dyn Store) {
    let with = |instance: &str, due, latest: Option<i64>| NewItem {
        latest: latest.map(at),
        ..scheduled(instance, "study", due)
    };
    let first = enqueue(store, &[with("a", 60, None)])[0];
    for (instance, due, latest, expected) in [
        ("b", 90, Some(500), 90),
        ("c", 700, Some(900), 500),
        ("d", 300, Some(200), 200),
        ("e", 300, None, 200),
        // Not a new item, so it says nothing of the end.
        ("a", 150, Some(100), 150),
        ("a", 400, None, 200),
    ] {
        enqueue(store, &[with(instance, due, latest)]);
        assert_eq!(
            read(store, first).next_attempt,
            Some(at(expected)),
            "{instance} {due}"
        );
    }
    // When the last one of the group has left, the end is forgotten.
    for item in all(store) {
        store.cancel(item.id, at(1)).unwrap();
    }
    assert_eq!(store.next_due().unwrap(), None);
    enqueue(store, &[with("f", 800, None)]);
    assert_eq!(store.next_due().unwrap(), Some(at(800)));
}

/// What an item of an intake begins may be over with a later one of the same: the promoter would find it due for ever.
fn a_quiet_period_that_nothing_waits_for_does_not_begin(store: &dyn Store) {
    let quiet = NewItem {
        not_before: Some(at(50)),
        ..received("a", "a1", "first", Again::Never)
    };
    let urgent = NewItem {
        priority: Priority::Stat,
        not_before: None,
        ..quiet.clone()
    };
    let of_another = |new: NewItem| NewItem {
        group: "another".into(),
        ..new
    };
    let decided = of_another(NewItem {
        not_before: Some(at(50)),
        ..received("b", "b1", "first", Again::Never)
    });
    let undecided = of_another(NewItem {
        failed: Some(Outcome::new(Class::Coercion, "undecided")),
        ..received("b", "b2", "second", Again::Never)
    });
    let raised = [quiet, urgent];
    let raised = Intake::request(&raised).raising(true);
    assert_eq!(store.enqueue(&raised, at(0)).unwrap().raised, 1);
    let doubted = [decided, undecided];
    store.enqueue(&Intake::arrival(&doubted), at(0)).unwrap();
    let states: Vec<State> = all(store).iter().map(|item| item.state).collect();
    assert_eq!(states, [State::Pending, State::Failure]);
    assert_eq!(store.next_due().unwrap(), None);
    assert_eq!(store.promote(at(FAR), 1000).unwrap(), [""; 0]);
}

fn text_is_data(store: &dyn Store) {
    let text = "'; DROP TABLE item; -- \u{0}<b>é漢";
    let mut new = new_item(text, text, text);
    new.rule = Some(text.into());
    let id = enqueue(store, &[new])[0];
    let item = read(store, id);
    assert_eq!(item.destination, text);
    assert_eq!(item.rule.as_deref(), Some(text));
    assert_eq!(ids(&claim(store, text)), [id]);
}

fn a_long_text_is_cut(store: &dyn Store) {
    let id = enqueue(store, &[new_item("study", "a", "pacs")])[0];
    let token = claim(store, "pacs").token;
    let mut attempt = made(Class::Rejected);
    attempt.outcome.details = "é".repeat(5000);
    finish(store, token, id, Ending::Fail(attempt));
    let kept = "é".repeat(4000);
    assert_eq!(read(store, id).details.as_ref(), Some(&kept));
    assert_eq!(attempts(store, id)[0].details, kept);
    let record = store.destination("pacs").unwrap().unwrap();
    assert_eq!(record.last_error.unwrap().details, kept);
}

/// What `enqueue` would answer, asked before: the same, and nothing is written, neither a quiet period nor a
/// destination.
fn counting_what_is_new_changes_nothing(store: &dyn Store) {
    let quiet = |instance: &str, group: &str, due| NewItem {
        group: group.into(),
        not_before: Some(at(due)),
        ..new_item("study", instance, "pacs")
    };
    enqueue(store, &[quiet("a", "a", 60), quiet("b", "study", 60)]);
    let before = all(store);
    let new = [
        quiet("a", "a", 90),
        quiet("b", "study", 90),
        quiet("c", "c", 90),
        quiet("c", "c", 95),
        new_item("study", "a", "nowhere"),
    ];
    let expected = Enqueued {
        enqueued: 2,
        already_queued: 3,
        ..Enqueued::default()
    };
    for intake in [Intake::arrival(&new), Intake::request(&new)] {
        assert_eq!(store.count_new(&intake).unwrap(), expected);
    }
    assert_eq!(all(store), before);
    assert_eq!(store.next_due().unwrap(), Some(at(60)));
    assert!(store.destination("nowhere").unwrap().is_none());
    let answer = store.enqueue(&Intake::request(&new), at(0));
    assert_eq!(answer.unwrap(), expected);
    assert_eq!(store.next_due().unwrap(), Some(at(90)));
}
