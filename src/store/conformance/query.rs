//! Pages, filters, the summary of errors, the progress of resources.

use super::*;
use crate::store::{
    Ending, ErrorSummary, Finish, Level, MinuteAtRest, Order, Pick, REASONS_OF, States,
    StatusFilter,
};

pub fn run(make: Make<'_>) {
    pages_follow_each_other(&*one(make));
    failures_are_found_by_kind_and_time(&*one(make));
    a_clock_that_was_set_back_a_little_hides_nothing(&*one(make));
    the_totals_of_failures_never_fall(&*one(make));
    the_summary_counts_kinds_of_failure(&*one(make));
    progress_is_told_at_every_level(&*one(make));
    instances_are_told_apart_from_items(&*one(make));
    what_came_to_rest_is_told_by_minute(&*one(make));
    the_store_tells_of_itself(&*one(make));
}

fn pages_follow_each_other(store: &dyn Store) {
    let mut items = Vec::new();
    for number in 0..57 {
        let mut new = new_item(
            &format!("s{}", number % 3),
            &format!("i{number}"),
            ["pacs", "other"][number % 2],
        );
        new.priority = Priority::ALL[number % 4];
        items.push(new);
    }
    let ids = enqueue(store, &items);
    for id in ids.iter().step_by(3) {
        store.cancel(*id, at(1)).unwrap();
    }
    let everything = all(store);
    let some = |text: &str| Some(text.to_string());
    for state in [
        None,
        Some(State::Pending),
        Some(State::Cancelled),
        Some(State::Retry),
    ] {
        for destination in [None, some("pacs"), some("other"), some("unknown")] {
            for study in [None, some("s1"), some("none")] {
                for instance in [None, some("i4"), some("i9")] {
                    let filter = Filter {
                        states: state.map(States::from),
                        destination: destination.clone(),
                        study: study.clone(),
                        instance: instance.clone(),
                        ..Filter::default()
                    };
                    check_filter(store, &filter, &everything);
                }
            }
        }
    }
    let filter = Filter {
        ids: Some(vec![ids[3], ids[0], ids[0], 999_999, ids[50]]),
        ..Filter::default()
    };
    check_filter(store, &filter, &everything);
}

fn failures_are_found_by_kind_and_time(store: &dyn Store) {
    let outcomes = [
        Some(Outcome::of_status(0xA900, "")),
        Some(Outcome::of_status(0xC001, "")),
        Some(Outcome::new(Class::Missing, "")),
        Some(Outcome::new(Class::Rejected, "")),
        None,
    ];
    let mut ids = Vec::new();
    for number in 0..60_usize {
        let mut new = new_item(
            &format!("s{}", number % 4),
            &format!("i{number}"),
            ["pacs", "other"][number % 2],
        );
        new.failed = outcomes[number % outcomes.len()].clone();
        ids.extend(enqueue_at(store, &[new], at(number as i64 / 3)));
    }
    // Gaps, so that the search for a time meets identifiers that are gone.
    for id in ids.iter().step_by(7) {
        store.remove(*id).unwrap();
    }
    let everything = all(store);
    let times = [None, Some(at(0)), Some(at(7)), Some(at(19)), Some(at(50))];
    for state in [None, Some(State::Failure), Some(State::Pending)] {
        for class in [None, Some(Class::Rejected), Some(Class::Missing)] {
            for status in [
                None,
                Some(StatusFilter::None),
                Some(StatusFilter::Is(0xA900)),
                Some(StatusFilter::Is(1)),
            ] {
                for (created_after, created_before) in times
                    .iter()
                    .flat_map(|one| times.map(|other| (*one, other)))
                {
                    for destination in [None, Some("pacs".to_owned())] {
                        let filter = Filter {
                            states: state.map(States::from),
                            class,
                            status,
                            created_after,
                            created_before,
                            destination,
                            ..Filter::default()
                        };
                        check_filter(store, &filter, &everything);
                    }
                }
            }
        }
    }
}

fn a_clock_that_was_set_back_a_little_hides_nothing(store: &dyn Store) {
    let times = [10, 10, 30, 300, 270, 300, 245, 400, 345, 341, 500];
    for (number, seconds) in times.into_iter().enumerate() {
        for part in 0..5 {
            let new = new_item("study", &format!("i{number}-{part}"), "pacs");
            enqueue_at(store, &[new], at(seconds));
        }
    }
    let everything = all(store);
    for after in times {
        for before in times {
            let filter = Filter {
                created_after: Some(at(after)),
                created_before: Some(at(before)),
                ..Filter::default()
            };
            check_filter(store, &filter, &everything);
        }
    }
}

fn the_totals_of_failures_never_fall(store: &dyn Store) {
    let totals = || -> Vec<(String, Class, Option<u16>, u64)> {
        let totals = store.failure_totals().unwrap();
        totals
            .into_iter()
            .map(|one| (one.destination, one.class, one.dimse_status, one.total))
            .collect()
    };
    let rejected = |status, total| ("pacs".to_owned(), Class::Rejected, status, total);
    assert_eq!(totals(), []);
    let mut new = new_item("study", "a", "pacs");
    new.failed = Some(Outcome::of_status(0xC000, "first"));
    let made = enqueue_at(store, &[new], at(1));
    assert_eq!(totals(), [rejected(Some(0xC000), 1)]);
    store.replay(made[0], None).unwrap();
    assert_eq!(store.error_summary(&FailureKinds::default()).unwrap(), []);
    assert_eq!(fail_all(store, "pacs", Class::Rejected), made);
    let both = [rejected(None, 1), rejected(Some(0xC000), 1)];
    assert_eq!(totals(), both);
    store.redirect(made[0], "other", None).unwrap();
    store.cancel(made[0], at(6)).unwrap();
    store.remove(made[0]).unwrap();
    assert_eq!(totals(), both);
    assert_eq!(store.error_summary(&FailureKinds::default()).unwrap(), []);
}

/// Pages of the filter must be what the filter leaves of all items.
pub fn check_filter(store: &dyn Store, filter: &Filter, everything: &[Item]) {
    let fits = |item: &&Item| {
        filter.ids.as_ref().is_none_or(|ids| ids.contains(&item.id))
            && filter.may_be(item.state)
            && filter
                .destination
                .as_ref()
                .is_none_or(|d| *d == item.destination)
            && filter.study.as_ref().is_none_or(|s| *s == item.ids.study)
            && filter
                .instance
                .as_ref()
                .is_none_or(|i| *i == item.ids.instance)
            && filter.class.is_none_or(|class| Some(class) == item.class)
            && filter
                .confirmation
                .is_none_or(|confirmation| confirmation == item.confirmation)
            && filter.status.is_none_or(|status| match status {
                StatusFilter::Is(status) => item.dimse_status == Some(status),
                StatusFilter::None => item.dimse_status.is_none(),
            })
            && filter
                .rule
                .as_ref()
                .is_none_or(|rule| item.rule.as_ref() == Some(rule))
            && filter
                .except_destination
                .as_ref()
                .is_none_or(|d| *d != item.destination)
            && filter
                .except_priority
                .is_none_or(|priority| priority != item.priority)
            && filter.created_before.is_none_or(|time| item.created < time)
            && filter.created_after.is_none_or(|time| item.created >= time)
            && filter
                .completed_before
                .is_none_or(|before| item.completed.is_some_and(|time| time < before))
    };
    by_study::check_filter(store, filter, everything);
    let mut expected: Vec<&Item> = everything.iter().filter(fits).collect();
    let found: Vec<&Item> = everything.iter().filter(|item| filter.fits(item)).collect();
    assert_eq!(found, expected, "{filter:?} item by item");
    for order in [Order::Ascending, Order::Descending] {
        let mut since = 0;
        let mut found = Vec::new();
        loop {
            let page = Page {
                since,
                limit: 7,
                order,
            };
            let page = store.items(filter, page).unwrap();
            assert!(page.len() <= 7);
            let Some(last) = page.last() else {
                break;
            };
            since = last.id;
            found.extend(page);
        }
        let found: Vec<&Item> = found.iter().collect();
        assert_eq!(found, expected, "{filter:?} {order:?}");
        expected.reverse();
    }
}

fn the_summary_counts_kinds_of_failure(store: &dyn Store) {
    let fail = |instance: &str, destination: &str, seconds, outcome| {
        let mut new = new_item("study", instance, destination);
        new.failed = Some(outcome);
        enqueue_at(store, &[new], at(seconds));
    };
    fail("a", "pacs", 5, Outcome::of_status(0xC000, "first"));
    fail("b", "pacs", 9, Outcome::of_status(0xC000, "newest"));
    fail("c", "pacs", 7, Outcome::of_status(0xC000, "middle"));
    fail("d", "pacs", 6, Outcome::of_status(0xC001, "another status"));
    fail("e", "pacs", 6, Outcome::new(Class::Missing, "gone"));
    fail("f", "other", 6, Outcome::new(Class::Missing, "gone there"));
    enqueue(store, &[new_item("study", "pending", "pacs")]);
    let mut summary = store.error_summary(&FailureKinds::default()).unwrap();
    summary.sort_by_key(|kind| (kind.destination.clone(), kind.class, kind.dimse_status));
    let seen: Vec<_> = summary
        .iter()
        .map(|kind| {
            (
                kind.destination.as_str(),
                kind.class,
                kind.dimse_status,
                kind.count,
                (kind.oldest, kind.newest),
                kind.example.as_str(),
                kind.reasons,
            )
        })
        .collect();
    let (rejected, missing) = (Class::Rejected, Class::Missing);
    assert_eq!(
        seen,
        [
            ("other", missing, None, 1, (at(6), at(6)), "gone there", 1),
            (
                "pacs",
                rejected,
                Some(0xC000),
                3,
                (at(5), at(9)),
                "newest",
                3
            ),
            (
                "pacs",
                rejected,
                Some(0xC001),
                1,
                (at(6), at(6)),
                "another status",
                1
            ),
            ("pacs", missing, None, 1, (at(6), at(6)), "gone", 1),
        ]
    );
    // What is narrowed down is the same of fewer kinds.
    let fits = |of: &FailureKinds, kind: &ErrorSummary| {
        of.destination
            .as_ref()
            .is_none_or(|name| *name == kind.destination)
            && of.class.is_none_or(|class| class == kind.class)
            && match of.status {
                None => true,
                Some(StatusFilter::None) => kind.dimse_status.is_none(),
                Some(StatusFilter::Is(status)) => kind.dimse_status == Some(status),
            }
    };
    for destination in [None, Some("pacs"), Some("nowhere")] {
        for class in [None, Some(rejected), Some(missing), Some(Class::Busy)] {
            for status in [
                None,
                Some(StatusFilter::None),
                Some(StatusFilter::Is(0xC000)),
            ] {
                let of = FailureKinds {
                    destination: destination.map(str::to_owned),
                    class,
                    status,
                };
                let mut found = store.error_summary(&of).unwrap();
                found.sort_by_key(|kind| (kind.destination.clone(), kind.class, kind.dimse_status));
                let wanted = summary.iter().filter(|kind| fits(&of, kind)).cloned();
                assert_eq!(found, wanted.collect::<Vec<_>>(), "{of:?}");
            }
        }
    }
    // Of many, those of the newest count.
    let count = i64::from(REASONS_OF) + 20;
    for round in 0..count {
        let why = if round < 20 { "old" } else { "new" };
        let name = format!("many{round}");
        fail(
            &name,
            "many",
            10 + round,
            Outcome::new(Class::Coercion, why),
        );
    }
    let summary = store.error_summary(&FailureKinds::default()).unwrap();
    let many = summary.iter().find(|kind| kind.destination == "many");
    assert_eq!(
        many.map(|kind| (kind.count, kind.reasons)),
        Some((count.unsigned_abs(), 1))
    );
    let failing = store.failing().unwrap().into_iter();
    let without = summary
        .into_iter()
        .map(|kind| ErrorSummary { reasons: 0, ..kind });
    assert!(failing.eq(without));
}

fn progress_is_told_at_every_level(store: &dyn Store) {
    let ids = enqueue_at(store, &[new_item("study", "a", "pacs")], at(1));
    enqueue_at(store, &[new_item("study", "b", "pacs")], at(2));
    enqueue_at(store, &[new_item("study", "a", "other")], at(3));
    enqueue_at(store, &[new_item("elsewhere", "c", "pacs")], at(4));
    let token = claim(store, "pacs").token;
    finish(store, token, ids[0], Ending::Complete(made(Class::Success)));
    let cases = [
        (Level::Patient, "study-patient"),
        (Level::Study, "study"),
        (Level::Series, "study-series"),
    ];
    for (level, id) in cases {
        for study in [None, Some("study")] {
            let progress = store.progress(level, id, study).unwrap();
            assert_eq!(progress.len(), 2, "{level:?}");
            let (other, pacs) = (&progress[0], &progress[1]);
            assert_eq!(
                (other.destination.as_str(), pacs.destination.as_str()),
                ("other", "pacs")
            );
            assert_eq!(other.counts.get(State::Pending), 1);
            assert_eq!((other.instances, other.delivered), (1, 0));
            assert_eq!((pacs.instances, pacs.delivered), (2, 1));
            assert_eq!(other.first_completed, None);
            assert_eq!(pacs.counts.get(State::Success), 1);
            assert_eq!(pacs.counts.get(State::Running), 1);
            assert_eq!(pacs.counts.open(), 1);
            assert_eq!((pacs.first_created, pacs.last_created), (at(1), at(2)));
            assert_eq!(pacs.first_completed, Some(at(2)));
            assert_eq!(pacs.last_completed, Some(at(2)));
        }
    }
    // First and last are taken over all states.
    let mut late = new_item("study", "d", "pacs");
    late.failed = Some(Outcome::new(Class::Missing, "gone"));
    for seconds in [1, 7] {
        enqueue_at(store, std::slice::from_ref(&late), at(seconds));
    }
    let progress = store.progress(Level::Study, "study", None).unwrap();
    assert_eq!(progress[1].first_completed, Some(at(1)));
    assert_eq!(progress[1].last_completed, Some(at(7)));
    assert_eq!(progress[1].last_created, at(7));
    for study in [None, Some("study")] {
        let progress = store.progress(Level::Instance, "b", study).unwrap();
        assert_eq!(progress.len(), 1);
        assert_eq!(progress[0].counts.open(), 1);
        assert!(
            store
                .progress(Level::Instance, "z", study)
                .unwrap()
                .is_empty()
        );
    }
    assert!(
        store
            .progress(Level::Study, "none", None)
            .unwrap()
            .is_empty()
    );
}

/// Items are counted, and the instances that they are of: what was asked for again is no other instance.
fn instances_are_told_apart_from_items(store: &dyn Store) {
    let again = |new: &NewItem| {
        let intake = Intake::request(std::slice::from_ref(new));
        store.enqueue(&intake, at(1)).unwrap();
    };
    let complete = || {
        let claimed = claim(store, "pacs");
        for item in &claimed.items {
            let ending = Ending::Complete(made(Class::Success));
            finish(store, claimed.token, item.id, ending);
        }
    };
    let [a, b, c] = ["a", "b", "c"].map(|instance| new_item("study", instance, "pacs"));
    for new in [&a, &b, &c] {
        again(new);
    }
    complete();
    // Delivered twice; delivered, and failed since.
    again(&a);
    complete();
    again(&b);
    fail_all(store, "pacs", Class::Rejected);
    again(&c);
    // Failed twice, and never delivered; the other fails with it.
    let d = new_item("study", "d", "pacs");
    for _ in 0..2 {
        again(&d);
        fail_all(store, "pacs", Class::Rejected);
    }
    let everywhere = new_item("study", "a", "other");
    again(&everywhere);
    let total = |counts: &Counts| {
        State::ALL
            .map(|state| counts.get(state))
            .iter()
            .sum::<u64>()
    };
    let of = |level, id: &str, study| {
        let progress = store.progress(level, id, study).unwrap();
        let told = progress
            .iter()
            .map(|one| (total(&one.counts), one.instances, one.delivered));
        told.collect::<Vec<_>>()
    };
    for study in [None, Some("study")] {
        assert_eq!(of(Level::Study, "study", study), [(1, 1, 0), (8, 4, 3)]);
        assert_eq!(
            of(Level::Series, "study-series", study),
            [(1, 1, 0), (8, 4, 3)]
        );
        assert_eq!(
            of(Level::Patient, "study-patient", study),
            [(1, 1, 0), (8, 4, 3)]
        );
        assert_eq!(of(Level::Instance, "a", study), [(1, 1, 0), (2, 1, 1)]);
        assert_eq!(of(Level::Instance, "d", study), [(2, 1, 0)]);
    }
}

fn what_came_to_rest_is_told_by_minute(store: &dyn Store) {
    for (number, seconds) in [0, 59, 60, 125].into_iter().enumerate() {
        for destination in ["pacs", "other"] {
            let mut new = new_item("study", &format!("{destination}-{number}"), destination);
            new.size_bytes = 100 + number as u64;
            new.failed = Some(Outcome::of_status(0xC000 + number as u16, "no"));
            let failed = enqueue_at(store, &[new.clone()], at(seconds));
            new.failed = Some(Outcome::new(Class::Expired, "late"));
            let expired = enqueue_at(store, &[new.clone()], at(seconds));
            new.failed = None;
            let mut stopped = new.clone();
            stopped.ids.instance.push_str("-stopped");
            let sent = enqueue_at(store, &[new, stopped], at(seconds));
            assert_eq!([failed.len(), expired.len(), sent.len()], [1, 1, 2]);
            let now = at(seconds);
            let claim = store
                .claim(destination, Pick::MostUrgent, 1)
                .unwrap()
                .unwrap();
            let finish = Finish {
                id: claim.items[0].id,
                ending: Ending::Complete(made(Class::Success)),
            };
            store.finish(claim.token, &[finish], now).unwrap();
            store.cancel(sent[1], now).unwrap();
        }
    }
    let minute = |number, sent, bytes, failed| MinuteAtRest {
        destination: String::new(),
        minute: at(0).micros() / 60_000_000 + number,
        sent,
        bytes,
        failed,
    };
    let of = |destination: &str, from, until| -> Vec<MinuteAtRest> {
        let all = store.at_rest(at(from), at(until)).unwrap();
        let own = all.into_iter().filter(|one| one.destination == destination);
        own.map(|one| MinuteAtRest {
            destination: String::new(),
            ..one
        })
        .collect()
    };
    let all = [
        minute(0, 2, 201, 2),
        minute(1, 1, 102, 1),
        minute(2, 1, 103, 1),
    ];
    for destination in ["pacs", "other"] {
        assert_eq!(of(destination, 0, 1000), all);
        assert_eq!(
            of(destination, 59, 125),
            [minute(0, 1, 101, 1), all[1].clone()]
        );
        assert_eq!(of(destination, 126, 1000), []);
    }
}

fn the_store_tells_of_itself(store: &dyn Store) {
    store.check_writable().unwrap();
    assert!(store.size_bytes().unwrap() > 0);
    assert!(store.created().unwrap() > Timestamp::from_micros(0));
    assert_eq!(store.counts().unwrap(), Counts::default());
    assert!(store.destinations().unwrap().is_empty());
    assert!(all(store).is_empty());
    assert!(
        store
            .error_summary(&FailureKinds::default())
            .unwrap()
            .is_empty()
    );
}
