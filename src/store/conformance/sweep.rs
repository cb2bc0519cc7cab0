//! What a person does to all that waits and fits a filter.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

pub fn run(make: Make<'_>) {
    what_waits_is_operated_by_filter(make);
    what_is_being_sent_is_left_and_counted(&*one(make));
    nothing_else_is_touched(make);
    a_long_queue_is_operated_whole(&*one(make));
    a_hold_lives_as_long_as_something_waits_for_it(make);
    what_waits_by_itself_is_stopped_too(make);
    a_priority_moves_what_waits_among_the_others(&*one(make));
    stat_ends_a_quiet_period(make);
    what_would_stay_as_it_is_does_not_count(&*one(make));
    what_is_sent_now_by_filter_goes_first(&*one(make));
    a_request_raises_what_waits(make);
    what_comes_meanwhile_is_left(make);
    no_more_is_changed_than_was_counted(make);
}

fn operations() -> [Operation; 6] {
    [
        Operation::Cancel,
        Operation::SendNow,
        Operation::Promote,
        Operation::Prioritize(Priority::High),
        Operation::Redirect {
            to: "elsewhere".into(),
        },
        Operation::Remove,
    ]
}

fn only(change: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter::default();
    change(&mut filter);
    filter
}

/// Whether an operation was done to an item that waited as `before`.
fn is_done(store: &dyn Store, operation: &Operation, before: &Item) -> bool {
    let now = store.item(before.id).unwrap().map(|found| found.0);
    match (operation, now) {
        (Operation::Remove, now) => now.is_none(),
        (Operation::Cancel, Some(now)) => now.state == State::Cancelled,
        (Operation::Prioritize(priority), Some(now)) => now.priority == *priority,
        (Operation::Redirect { to }, Some(now)) => {
            now.destination == *to && now.state == State::Pending
        }
        // Only what waits for its time shows it.
        (_, Some(now)) => now.state == State::Pending && before.state != State::Pending,
        (_, None) => panic!("item {} is lost", before.id),
    }
}

fn what_waits_is_operated_by_filter(make: Make<'_>) {
    let study = |of: &str| only(|filter| filter.study = Some(of.into()));
    let destination = |of: &str| only(|filter| filter.destination = Some(of.into()));
    let state = |of| only(|filter| filter.states = Some(State::into(of)));
    let cases: [(Filter, &[usize]); 12] = [
        (Filter::default(), &[0, 1, 2, 3]),
        (destination("pacs"), &[0, 1, 2]),
        (destination("other"), &[3]),
        (destination("unknown"), &[]),
        (study("s1"), &[0, 1]),
        (study("none"), &[]),
        (state(State::Scheduled), &[0, 2]),
        (state(State::Retry), &[1, 3]),
        (state(State::Success), &[]),
        (only(|filter| filter.rule = Some("rule".into())), &[0, 2, 3]),
        (only(|filter| filter.created_before = Some(at(10))), &[0, 1]),
        (only(|filter| filter.ids = Some(vec![2, 4, 99])), &[1, 3]),
    ];
    for operation in operations() {
        for (filter, expected) in &cases {
            let store = one(make);
            let mut made = Vec::new();
            for (study, instance, destination, rule, time) in [
                ("s1", "a", "pacs", Some("rule"), 0),
                ("s1", "b", "pacs", None, 0),
                ("s2", "c", "pacs", Some("rule"), 50),
                ("s2", "d", "other", Some("rule"), 50),
            ] {
                let mut new = new_item(study, instance, destination);
                new.rule = rule.map(str::to_owned);
                let retries = matches!(instance, "b" | "d");
                new.not_before = (!retries).then_some(at(1000));
                made.extend(enqueue_at(&*store, &[new], at(time)));
                if retries {
                    let token = claim(&*store, destination).token;
                    let verb = Ending::Retry {
                        at: at(1000),
                        attempt: super::made(Class::Busy),
                    };
                    finish(&*store, token, made[made.len() - 1], verb);
                }
            }
            assert_eq!(made, [1, 2, 3, 4]);
            let before: Vec<Item> = made.iter().map(|id| read(&*store, *id)).collect();
            let operated = operate(&*store, &operation, filter);
            let what = format!("{operation:?} of {filter:?}");
            assert_eq!(operated.done, expected.len() as u64, "{what}");
            for (index, before) in before.iter().enumerate() {
                let done = is_done(&*store, &operation, before);
                assert_eq!(done, expected.contains(&index), "{what}, item {index}");
                if !done {
                    assert_eq!(read(&*store, before.id), *before, "{what}");
                }
            }
            check_counts(&*store);
            let redirected = matches!(operation, Operation::Redirect { .. });
            let expired = store.expire(at(9), 100).unwrap();
            assert_eq!(
                expired,
                if redirected { operated.done } else { 0 },
                "{what}"
            );
        }
    }
}

fn what_is_being_sent_is_left_and_counted(store: &dyn Store) {
    for operation in operations() {
        let items = ["a", "b", "c"].map(|instance| new_item("study", instance, "pacs"));
        let ids = enqueue(store, &items);
        let claimed = store.claim("pacs", Pick::MostUrgent, 2).unwrap().unwrap();
        let pending = only(|filter| filter.states = Some(State::Pending.into()));
        let changes = State::Pending.after(operation.verb()).is_some();
        let expected = Operated {
            done: changes.into(),
            running: 2,
            left: 0,
        };
        assert_eq!(operate(store, &operation, &pending), expected);
        let elsewhere = only(|filter| filter.destination = Some("third".into()));
        assert_eq!(operate(store, &operation, &elsewhere), Operated::default());
        let sent: Vec<i64> = claimed.items.iter().map(|item| item.id).collect();
        assert_eq!(sent, ids[..2]);
        assert_eq!(store.still_claimed(claimed.token, &sent).unwrap(), sent);
        for id in sent {
            let done = finish(
                store,
                claimed.token,
                id,
                Ending::Complete(made(Class::Success)),
            );
            assert_eq!(done, 1, "{operation:?} left the worker its claim");
        }
        check_counts(store);
        for item in all(store) {
            store.remove(item.id).unwrap();
        }
    }
}

fn nothing_else_is_touched(make: Make<'_>) {
    for operation in operations().iter().chain([&Operation::Replay]) {
        let store = one(make);
        let of = |instance: &str| enqueue(&*store, &[new_item("study", instance, "pacs")])[0];
        let failed = of("a");
        fail_all(&*store, "pacs", Class::Rejected);
        let cancelled = of("b");
        store.cancel(cancelled, at(1)).unwrap();
        let sent = of("c");
        let token = claim(&*store, "pacs").token;
        finish(&*store, token, sent, Ending::Complete(made(Class::Success)));
        let before = all(&*store);
        assert_eq!(before.len(), 3);
        for filter in [
            Filter::default(),
            only(|filter| filter.ids = Some(vec![failed, cancelled, sent])),
            only(|filter| filter.states = Some(State::Failure.into())),
        ] {
            assert_eq!(operate(&*store, operation, &filter), Operated::default());
            assert_eq!(all(&*store), before, "{operation:?}");
        }
    }
}

fn a_long_queue_is_operated_whole(store: &dyn Store) {
    let items: Vec<NewItem> = (0..2500)
        .map(|number| {
            let mut new = new_item(
                "study",
                &format!("i{number}"),
                ["pacs", "other"][number % 2],
            );
            new.priority = Priority::ALL[number % 3];
            new
        })
        .collect();
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    let done = |operation| operate(store, &operation, &Filter::default()).done;
    let redirect = || Operation::Redirect { to: "pacs".into() };
    assert_eq!(done(Operation::Prioritize(Priority::Stat)), 2500);
    assert_eq!(done(redirect()), 1250);
    assert_eq!(done(redirect()), 0);
    assert_eq!(done(Operation::SendNow), 2500);
    assert_eq!(done(Operation::Cancel), 2500);
    assert_eq!(store.counts().unwrap().get(State::Cancelled), 2500);
}

/// Three items that wait for the quiet period of their study, until 500.
fn quiet(store: &dyn Store) -> Vec<i64> {
    let items = ["a", "b", "c"].map(|instance| NewItem {
        not_before: Some(at(500)),
        ..new_item("study", instance, "pacs")
    });
    enqueue(store, &items)
}

fn a_hold_lives_as_long_as_something_waits_for_it(make: Make<'_>) {
    let due = |store: &dyn Store| store.group_due("pacs", "study").unwrap();
    for operation in operations() {
        let store = one(make);
        let ids = quiet(&*store);
        operate(
            &*store,
            &operation,
            &only(|filter| filter.ids = Some(vec![ids[0]])),
        );
        assert_eq!(due(&*store), Some(at(500)), "{operation:?}");
        // An arrival lengthens it for those that are left.
        let late = NewItem {
            not_before: Some(at(600)),
            ..new_item("study", "late", "pacs")
        };
        enqueue(&*store, &[late]);
        assert_eq!(read(&*store, ids[1]).next_attempt, Some(at(600)));
        operate(&*store, &operation, &Filter::default());
        let stays = matches!(operation, Operation::Prioritize(_));
        assert_eq!(due(&*store), stays.then_some(at(600)), "{operation:?}");
        assert_eq!(store.next_due().unwrap(), due(&*store), "{operation:?}");
        let promoted = store.promote(at(600), 100).unwrap().len();
        assert_eq!(promoted, usize::from(stays), "{operation:?}");
        check_counts(&*store);
    }
}

fn what_waits_by_itself_is_stopped_too(make: Make<'_>) {
    for operation in operations() {
        let store = one(make);
        let held = enqueue(&*store, &[new_item("study", "a", "pacs")])[0];
        let token = claim(&*store, "pacs").token;
        let hold = Ending::Hold {
            at: at(700),
            outcome: Outcome::waiting("the subject is not known"),
        };
        finish(&*store, token, held, hold);
        let others = quiet(&*store);
        let before = read(&*store, held);
        assert_eq!(before.state, State::Scheduled);
        let filter = only(|filter| filter.ids = Some(vec![held]));
        assert_eq!(operate(&*store, &operation, &filter).done, 1);
        assert!(is_done(&*store, &operation, &before), "{operation:?}");
        let is_held = matches!(operation, Operation::Prioritize(_));
        assert_eq!(store.held().unwrap().len(), usize::from(is_held));
        assert_eq!(read(&*store, others[0]).next_attempt, Some(at(500)));
        let stat = Operation::Prioritize(Priority::Stat);
        operate(&*store, &stat, &Filter::default());
        assert_eq!(
            store.held().unwrap().len(),
            usize::from(is_held),
            "it waits for a subject"
        );
        check_counts(&*store);
    }
}

fn a_priority_moves_what_waits_among_the_others(store: &dyn Store) {
    let of = |study: &str, instance: &str| new_item(study, instance, "pacs");
    let ids = enqueue(
        store,
        &[of("s1", "a"), of("s1", "b"), of("s2", "c"), of("s2", "d")],
    );
    let filter = only(|filter| filter.study = Some("s2".into()));
    operate(store, &Operation::Prioritize(Priority::High), &filter);
    let most = Pick::AtLeast(Priority::High);
    let claimed = store.claim("pacs", most, 10).unwrap().unwrap();
    assert_eq!(super::ids(&claimed), ids[2..]);
    assert_eq!(store.claim("pacs", most, 10).unwrap().map(|_| ()), None);
    let filter = only(|filter| filter.ids = Some(vec![ids[0]]));
    operate(store, &Operation::Prioritize(Priority::Low), &filter);
    assert_eq!(super::ids(&claim(store, "pacs")), [ids[1]]);
    assert_eq!(super::ids(&claim(store, "pacs")), [ids[0]]);
}

fn stat_ends_a_quiet_period(make: Make<'_>) {
    for group in ["study", "a"] {
        let store = one(make);
        let mut new = new_item("study", "a", "pacs");
        new.group = group.into();
        new.not_before = Some(at(500));
        let id = enqueue(&*store, &[new])[0];
        let to = |priority| {
            operate(
                &*store,
                &Operation::Prioritize(priority),
                &Filter::default(),
            )
        };
        to(Priority::High);
        assert_eq!(read(&*store, id).next_attempt, Some(at(500)));
        to(Priority::Stat);
        let item = read(&*store, id);
        assert_eq!((item.state, item.next_attempt), (State::Pending, None));
        assert_eq!(store.next_due().unwrap(), None);
        check_counts(&*store);
    }
}

fn what_would_stay_as_it_is_does_not_count(store: &dyn Store) {
    let items = [new_item("s1", "a", "pacs"), new_item("s1", "b", "other")];
    enqueue(store, &items);
    let before = all(store);
    let medium = Operation::Prioritize(Priority::Medium);
    assert_eq!(operate(store, &medium, &Filter::default()).done, 0);
    assert_eq!(all(store), before);
    let to = Operation::Redirect { to: "pacs".into() };
    assert_eq!(operate(store, &to, &Filter::default()).done, 1);
    assert_eq!(read(store, before[0].id), before[0]);
    let claimed = store.claim("pacs", Pick::MostUrgent, 1).unwrap().unwrap();
    assert_eq!(claimed.items.len(), 1);
    assert_eq!(operate(store, &to, &Filter::default()), Operated::default());
}

fn what_is_sent_now_by_filter_goes_first(store: &dyn Store) {
    let mut stat = new_item("s1", "a", "pacs");
    stat.priority = Priority::Stat;
    let mut wanted = new_item("s2", "b", "pacs");
    wanted.not_before = Some(at(500));
    let ids = enqueue(store, &[stat, wanted]);
    let filter = only(|filter| filter.study = Some("s2".into()));
    operate(store, &Operation::SendNow, &filter);
    let claimed = store.claim("pacs", Pick::Hurried, 10).unwrap().unwrap();
    assert_eq!(super::ids(&claimed), [ids[1]]);
}

fn a_request_raises_what_waits(make: Make<'_>) {
    let of = |instance: &str, priority| NewItem {
        priority,
        ..new_item("study", instance, "pacs")
    };
    for raises in [true, false] {
        let store = one(make);
        let quiet = NewItem {
            not_before: Some(at(500)),
            ..of("quiet", Priority::Low)
        };
        let ids = enqueue(
            &*store,
            &[of("low", Priority::Low), of("stat", Priority::Stat), quiet],
        );
        let sent = enqueue(&*store, &[of("sent", Priority::Low)])[0];
        let mut claimed = store.claim("pacs", Pick::Oldest, 10).unwrap().unwrap();
        claimed.items.retain(|item| item.id != sent);
        for item in &claimed.items {
            finish(&*store, claimed.token, item.id, Ending::Release);
        }
        assert_eq!(state(&*store, sent), State::Running);
        let asked = ["low", "stat", "quiet", "sent", "new"];
        let items = asked.map(|instance| of(instance, Priority::High));
        let intake = Intake::request(&items).raising(raises);
        let foretold = store.count_new(&intake).unwrap();
        let answer = store.enqueue(&intake, at(1)).unwrap();
        assert_eq!(answer, foretold);
        assert_eq!((answer.enqueued, answer.already_queued), (1, 4));
        assert_eq!(answer.raised, if raises { 2 } else { 0 });
        let found = ids.iter().map(|id| read(&*store, *id).priority);
        let raised = if raises {
            Priority::High
        } else {
            Priority::Low
        };
        assert_eq!(found.collect::<Vec<_>>(), [raised, Priority::Stat, raised]);
        assert_eq!(read(&*store, sent).priority, Priority::Low);
        assert_eq!(read(&*store, ids[2]).next_attempt, Some(at(500)));
        // The same pair twice in one request is raised once.
        let twice = [of("quiet", Priority::Stat), of("quiet", Priority::Stat)];
        let intake = Intake::request(&twice).raising(raises);
        let foretold = store.count_new(&intake).unwrap();
        assert_eq!(store.enqueue(&intake, at(1)).unwrap(), foretold);
        assert_eq!(foretold.raised, u64::from(raises));
        let now = read(&*store, ids[2]);
        assert_eq!(
            now.state == State::Pending,
            raises,
            "Stat waits for no quiet period"
        );
        // Arrivals raise nothing.
        let arrived = [of("low", Priority::Stat)];
        let answer = store.enqueue(&Intake::arrival(&arrived), at(2)).unwrap();
        assert_eq!((answer.already_queued, answer.raised), (1, 0));
        check_counts(&*store);
    }
}

/// Else it would go on as long as something arrives.
fn what_comes_meanwhile_is_left(make: Make<'_>) {
    for operation in operations() {
        let store = one(make);
        let arrive = |number: usize| {
            let new = new_item("study", &format!("i{number}"), "pacs");
            enqueue(&*store, &[new])[0]
        };
        for number in 0..10 {
            let item = arrive(number);
            if operation == Operation::Promote {
                let token = claim(&*store, "pacs").token;
                let retry = Ending::Retry {
                    at: at(1000),
                    attempt: made(Class::Busy),
                };
                finish(&*store, token, item, retry);
            }
        }
        let asked = AtomicUsize::new(0);
        let goes_on = || {
            let asked = asked.fetch_add(1, Ordering::Relaxed);
            // The first time nothing was looked at yet.
            if asked > 0 {
                arrive(1000 + asked);
            }
            asked < 100
        };
        let filter = Filter::default();
        let sweep = Sweep {
            operation: &operation,
            among: Among::Waiting,
            filter: &filter,
            now: at(1),
            expires: &|_| None,
            dry_run: false,
            at_most: None,
            goes_on: &goes_on,
        };
        assert_eq!(store.operate(&sweep).unwrap().done, 10, "{operation:?}");
    }
}

/// What was made long ago, and is replayed while it goes on, fits then and is no newer than what was counted.
fn no_more_is_changed_than_was_counted(make: Make<'_>) {
    for (first, last) in [(0, 20), (1180, 1200)] {
        let store = &*one(make);
        let items: Vec<NewItem> = (0..1200)
            .map(|number| new_item("study", &format!("i{number}"), "pacs"))
            .collect();
        store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
        let cancelled: Vec<i64> = all(store)[first..last].iter().map(|item| item.id).collect();
        for id in &cancelled {
            store.cancel(*id, at(1)).unwrap();
        }
        let asked = AtomicUsize::new(0);
        let goes_on = || {
            if asked.fetch_add(1, Ordering::Relaxed) == 0 {
                for id in &cancelled {
                    store.replay(*id, None).unwrap();
                }
            }
            true
        };
        let filter = Filter::default();
        let sweep = Sweep {
            operation: &Operation::Prioritize(Priority::High),
            among: Among::Waiting,
            filter: &filter,
            now: at(1),
            expires: &|_| None,
            dry_run: false,
            at_most: Some(1180),
            goes_on: &goes_on,
        };
        let operated = store.operate(&sweep).unwrap();
        assert_eq!((operated.done, operated.left), (1180, 20));
        let raised = all(store).into_iter();
        let raised = raised.filter(|item| item.priority == Priority::High);
        assert_eq!(raised.count(), 1180);
    }
}
