//! The journal that people read, and each hour's figures.

use std::time::Duration;

use super::operate::of_errors;
use super::*;
use crate::item::Event;
use crate::store::{Asker, Entry, Hour, Moved, Outage, Period};

pub fn run(make: Make<'_>) {
    an_outage_begins_and_ends_once(make);
    a_receiver_that_comes_and_goes_fills_no_journal(&*one(make));
    outages_that_are_apart_are_told_apart(&*one(make));
    pauses_that_change_nothing_are_not_told(&*one(make));
    starts_stops_and_sudden_ends(make);
    what_a_person_does_is_told_with_the_name(&*one(make));
    what_is_refused_or_nobody_asked_for_is_not_told(&*one(make));
    a_request_is_one_entry_and_another_is_another(&*one(make));
    a_flood_of_one_kind_is_one_entry_a_minute(&*one(make));
    what_is_old_is_forgotten(&*one(make));
    a_flood_pushes_out_what_was_done_to_items_first(&*one(make));
    a_pardon_is_told(&*one(make));
    what_began_before_is_told_behind(&*one(make));
    failures_are_counted_in_their_hour_for_ever(&*one(make));
    what_was_sent_is_added_once(make);
}

fn always() -> Period {
    Period {
        from: at(-FAR),
        until: at(FAR),
        destination: None,
        event: None,
    }
}

fn told(store: &dyn Store) -> Vec<Entry> {
    store.entries(&always(), 0, 1000).unwrap()
}

/// The kinds alone.
fn kinds(store: &dyn Store) -> Vec<Event> {
    told(store).iter().map(|entry| entry.event).collect()
}

fn by(user: &str, seconds: i64) -> Asker {
    Asker::new(Some(user.into()), at(seconds))
}

fn of(event: Event, destination: &str, seconds: i64) -> Entry {
    Entry {
        destination: Some(destination.into()),
        ..Entry::new(event, at(seconds))
    }
}

/// Without identifiers.
#[track_caller]
fn assert_told(store: &dyn Store, expected: &[Entry]) {
    let mut found = told(store);
    assert!(found.windows(2).all(|two| two[0].id < two[1].id));
    for entry in &mut found {
        entry.id = 0;
    }
    assert_eq!(found, expected);
}

fn an_outage_begins_and_ends_once(make: Make<'_>) {
    let [one, two] = make();
    let outage = |failures| {
        Some(Outage {
            since: at(7),
            failures,
        })
    };
    let set = |store: &dyn Store, outage: Option<Outage>, why: &str, seconds| {
        store
            .set_outage("pacs", outage.as_ref(), why, at(seconds))
            .unwrap();
    };
    set(&*one, None, "", 1);
    set(&*one, outage(1), "refused", 7);
    set(&*one, outage(2), "refused again", 8);
    // Another start finds it, and it is no second beginning.
    set(&*two, outage(3), "timed out", 100);
    set(&*two, None, "", 3607);
    set(&*two, None, "", 3608);
    let mut began = of(Event::OutageBegan, "pacs", 7);
    began.details = Some("refused".into());
    let mut ended = of(Event::OutageEnded, "pacs", 3607);
    ended.seconds = Some(3600);
    assert_told(&*one, &[began, ended]);
}

/// It cannot be reached from then on, for so many seconds.
fn away(store: &dyn Store, destination: &str, since: i64, seconds: i64) {
    let outage = Outage {
        since: at(since),
        failures: 1,
    };
    let set = |outage, seconds| {
        store
            .set_outage(destination, outage, "refused", at(seconds))
            .unwrap();
    };
    set(Some(&outage), since);
    set(None, since + seconds);
}

/// An outage, and its end; `times`: several that are one.
fn outage_of(destination: &str, since: i64, seconds: i64, times: Option<u64>) -> [Entry; 2] {
    [
        Entry {
            count: times,
            details: Some("refused".into()),
            ..of(Event::OutageBegan, destination, since)
        },
        Entry {
            count: times,
            seconds: Some(seconds.unsigned_abs()),
            ..of(Event::OutageEnded, destination, since + seconds)
        },
    ]
}

fn a_receiver_that_comes_and_goes_fills_no_journal(store: &dyn Store) {
    by("alice", 0).during(|| store.set_paused("other", true, at(0)).unwrap());
    // A day of it.
    for second in (0..86_400).step_by(20) {
        away(store, "pacs", second, 1);
    }
    away(store, "other", 86_385, 1);
    let entries = told(store);
    assert!(entries.len() < 60, "{}", entries.len());
    assert_eq!(entries[0].event, Event::Paused);
    let expected = outage_of("pacs", 0, 3581, Some(180));
    for (found, expected) in entries[1..3].iter().zip(&expected) {
        let found = Entry {
            id: 0,
            ..found.clone()
        };
        assert_eq!(found, *expected);
    }
    let of_pacs = entries
        .iter()
        .filter(|entry| entry.event == Event::OutageBegan);
    let times: u64 = of_pacs.map(|entry| entry.count.unwrap_or(1)).sum();
    assert_eq!(times, 86_400 / 20 + 1, "none is left out");
    assert_eq!(store.destination("pacs").unwrap().unwrap().outages, 4320);
}

fn outages_that_are_apart_are_told_apart(store: &dyn Store) {
    away(store, "pacs", 0, 10);
    // Another's is none of its own.
    away(store, "other", 20, 10);
    away(store, "pacs", 69, 5);
    // A minute after the end.
    away(store, "pacs", 134, 5);
    // A long one that is one with a short one.
    away(store, "pacs", 150, 7200);
    away(store, "pacs", 7355, 10);
    let [began, ended] = outage_of("pacs", 0, 74, Some(2));
    let [other, back] = outage_of("other", 20, 10, None);
    let [again, over] = outage_of("pacs", 134, 7216, Some(2));
    let [last, end] = outage_of("pacs", 7355, 10, None);
    let expected = [began, other, back, ended, again, over, last, end];
    assert_told(store, &expected);
}

fn pauses_that_change_nothing_are_not_told(store: &dyn Store) {
    let pause = |paused, seconds: i64, user: &str| {
        by(user, seconds).during(|| store.set_paused("pacs", paused, at(seconds)).unwrap());
    };
    pause(false, 1, "alice");
    assert_told(store, &[]);
    pause(true, 2, "alice");
    pause(true, 3, "bob");
    pause(false, 62, "bob");
    pause(false, 63, "alice");
    let mut paused = of(Event::Paused, "pacs", 2);
    paused.user = Some("alice".into());
    let mut resumed = of(Event::Resumed, "pacs", 62);
    resumed.user = Some("bob".into());
    resumed.seconds = Some(60);
    assert_told(store, &[paused, resumed]);
}

fn starts_stops_and_sudden_ends(make: Make<'_>) {
    let [one, two] = make();
    one.stopped_well(at(0)).unwrap();
    assert_told(&*one, &[]);
    one.begin(at(1)).unwrap();
    one.stopped_well(at(2)).unwrap();
    one.begin(at(3)).unwrap();
    enqueue(
        &*one,
        &[new_item("s", "a", "pacs"), new_item("s", "b", "pacs")],
    );
    claim(&*one, "pacs");
    one.begin(at(4)).unwrap();
    let mut sudden = Entry::new(Event::Started, at(4));
    sudden.count = Some(2);
    sudden.details = Some("Orthanc had ended suddenly".into());
    let expected = [
        Entry::new(Event::Started, at(1)),
        Entry::new(Event::Stopped, at(2)),
        Entry::new(Event::Started, at(3)),
        sudden,
    ];
    assert_told(&*two, &expected);
}

fn what_a_person_does_is_told_with_the_name(store: &dyn Store) {
    let items = [
        new_item("s", "a", "pacs"),
        new_item("s", "b", "pacs"),
        new_item("s", "a", "other"),
    ];
    let alice = by("alice", 100);
    let ids = alice.clone().during(|| {
        store.enqueue(&Intake::request(&items), at(100)).unwrap();
        // Those are there already.
        store.enqueue(&Intake::request(&items), at(100)).unwrap();
        all(store).iter().map(|item| item.id).collect::<Vec<_>>()
    });
    fail_all(store, "pacs", Class::Rejected);
    alice.clone().during(|| {
        store.redirect(ids[2], "third", None).unwrap();
        store.send_now(ids[2]).unwrap();
        store.cancel(ids[2], at(100)).unwrap();
        store.replay(ids[2], None).unwrap();
        store.remove(ids[2]).unwrap();
        let filter = Filter {
            destination: Some("pacs".into()),
            ..Filter::default()
        };
        let errors = |operation: Operation, dry_run| of_errors(store, &operation, &filter, dry_run);
        assert_eq!(errors(Operation::Replay, true), 2);
        assert_eq!(errors(Operation::Replay, false), 2);
        assert_eq!(errors(Operation::Remove, false), 0);
        for operation in [
            Operation::Prioritize(Priority::High),
            Operation::SendNow,
            Operation::Redirect { to: "third".into() },
        ] {
            assert_eq!(operate(store, &operation, &filter).done, 2);
        }
        let all = Filter::default();
        assert_eq!(operate(store, &Operation::Cancel, &all).done, 2);
        assert_eq!(operate(store, &Operation::Cancel, &all).done, 0);
        let asked = [NewItem {
            priority: Priority::Low,
            ..new_item("s", "c", "pacs")
        }];
        store.enqueue(&Intake::request(&asked), at(100)).unwrap();
        let again = [new_item("s", "c", "pacs")];
        let raising = Intake::request(&again).raising(true);
        store.enqueue(&raising, at(100)).unwrap();
        store.enqueue(&raising, at(100)).unwrap();
    });
    let entry = |event, destination: &str, count| Entry {
        user: Some("alice".into()),
        count: Some(count),
        ..of(event, destination, 100)
    };
    let redirected = Entry {
        to: Some("third".into()),
        ..entry(Event::Redirected, "other", 1)
    };
    let expected = [
        entry(Event::Enqueued, "other", 1),
        entry(Event::Enqueued, "pacs", 3),
        redirected,
        entry(Event::SentNow, "third", 1),
        entry(Event::Cancelled, "third", 1),
        entry(Event::Replayed, "third", 1),
        entry(Event::Removed, "third", 1),
        entry(Event::Replayed, "pacs", 2),
        Entry {
            details: Some("High".into()),
            ..entry(Event::PriorityChanged, "pacs", 2)
        },
        entry(Event::SentNow, "pacs", 2),
        Entry {
            to: Some("third".into()),
            ..entry(Event::Redirected, "pacs", 2)
        },
        Entry {
            destination: None,
            ..entry(Event::Cancelled, "third", 2)
        },
        Entry {
            details: Some("Medium".into()),
            ..entry(Event::PriorityChanged, "pacs", 1)
        },
    ];
    assert_told(store, &expected);
    // Those of the destination, what came from or to it, and what concerns all.
    store.note(&Entry::new(Event::Reloaded, at(101))).unwrap();
    let period = Period {
        destination: Some("third".into()),
        ..always()
    };
    let found = store.entries(&period, 0, 1000).unwrap();
    let found: Vec<Event> = found.iter().map(|entry| entry.event).collect();
    let expected = [
        Event::Redirected,
        Event::SentNow,
        Event::Cancelled,
        Event::Replayed,
        Event::Removed,
        Event::Redirected,
        Event::Cancelled,
        Event::Reloaded,
    ];
    assert_eq!(found, expected);
    let replayed = Period {
        event: Some(Event::Replayed),
        ..period
    };
    assert_eq!(store.entries(&replayed, 0, 1000).unwrap().len(), 1);
    // Page by page.
    let mut pages = Vec::new();
    loop {
        let after = pages.last().map_or(0, |entry: &Entry| entry.id);
        let page = store.entries(&always(), after, 2).unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        pages.extend(page);
    }
    assert_eq!(pages, told(store));
    let from = |from, until| Period {
        from: at(from),
        until: at(until),
        ..always()
    };
    assert_eq!(store.entries(&from(101, 102), 0, 100).unwrap().len(), 1);
    assert_eq!(store.entries(&from(100, 101), 0, 100).unwrap().len(), 13);
    assert_eq!(store.entries(&from(102, 900), 0, 10).unwrap(), []);
}

fn what_is_refused_or_nobody_asked_for_is_not_told(store: &dyn Store) {
    let ids = enqueue(
        store,
        &[new_item("s", "a", "pacs"), new_item("s", "b", "pacs")],
    );
    store.cancel(ids[0], at(1)).unwrap();
    by("alice", 2).during(|| {
        assert!(matches!(
            store.cancel(ids[0], at(2)).unwrap(),
            Moved::Refused(_)
        ));
        assert_eq!(store.remove(12345).unwrap(), Moved::Unknown);
        enqueue(store, &[new_item("s", "c", "pacs")]);
    });
    assert_told(store, &[]);
}

/// However many steps it has, and however soon after the last it comes. What names one item at a time is together.
fn a_request_is_one_entry_and_another_is_another(store: &dyn Store) {
    let items: Vec<NewItem> = ["a", "b", "c", "d"]
        .into_iter()
        .flat_map(|study| (0..5).map(move |number| (study, number)))
        .map(|(study, number)| new_item(study, &format!("{study}{number}"), "pacs"))
        .collect();
    by("alice", 100).during(|| {
        for part in items[..10].chunks(2) {
            store.enqueue(&Intake::request(part), at(100)).unwrap();
        }
    });
    by("alice", 100).during(|| {
        store
            .enqueue(&Intake::request(&items[10..18]), at(100))
            .unwrap()
    });
    for item in items[18..].chunks(1) {
        let alone = Intake::request(item).of_one_instance(true);
        by("alice", 101).during(|| store.enqueue(&alone, at(101)).unwrap());
    }
    for _study in 0..4 {
        fail_all(store, "pacs", Class::Rejected);
    }
    let ids: Vec<i64> = all(store).iter().map(|item| item.id).collect();
    let replay = |seconds, filter: Filter| {
        let done = || of_errors(store, &Operation::Replay, &filter, false);
        by("alice", seconds).during(done)
    };
    let study = |study: &str| Filter {
        destination: Some("pacs".into()),
        study: Some(study.into()),
        ..Filter::default()
    };
    let one = |place: usize| Filter {
        ids: Some(vec![ids[place]]),
        destination: Some("pacs".into()),
        ..Filter::default()
    };
    assert_eq!(replay(200, one(15)), 1);
    assert_eq!(replay(201, study("a")), 5);
    assert_eq!(replay(202, one(16)), 1);
    assert_eq!(replay(202, study("b")), 5);
    assert_eq!(replay(202, study("c")), 5);
    by("alice", 203).during(|| store.replay(ids[17], None).unwrap());
    let told: Vec<(Event, Timestamp, Option<u64>)> = told(store)
        .into_iter()
        .map(|entry| (entry.event, entry.time, entry.count))
        .collect();
    let expected = [
        (Event::Enqueued, at(100), Some(10)),
        (Event::Enqueued, at(100), Some(8)),
        (Event::Enqueued, at(101), Some(2)),
        (Event::Replayed, at(200), Some(3)),
        (Event::Replayed, at(201), Some(5)),
        (Event::Replayed, at(202), Some(5)),
        (Event::Replayed, at(202), Some(5)),
    ];
    assert_eq!(told, expected);
}

fn a_flood_of_one_kind_is_one_entry_a_minute(store: &dyn Store) {
    let items: Vec<NewItem> = (0..300)
        .map(|number| new_item("s", &format!("i{number}"), "pacs"))
        .collect();
    let ids = enqueue(store, &items);
    for (second, id) in ids.into_iter().enumerate() {
        let second = second as i64;
        let user = if second % 2 == 0 { "script" } else { "alice" };
        by(user, second).during(|| store.cancel(id, at(second)).unwrap());
    }
    let entries = told(store);
    // Five minutes of two people.
    assert_eq!(entries.len(), 10, "{entries:#?}");
    let count: u64 = entries.iter().filter_map(|entry| entry.count).sum();
    assert_eq!(count, 300);
    assert!(entries.iter().all(|entry| entry.count == Some(30)));
    // Of pauses each counts.
    for second in 400..410 {
        by("script", second).during(|| {
            store
                .set_paused("pacs", second % 2 == 0, at(second))
                .unwrap();
        });
    }
    assert_eq!(told(store).len(), 20);
}

fn what_is_old_is_forgotten(store: &dyn Store) {
    for second in 0..50 {
        store
            .note(&of(Event::Paused, "pacs", second * 3600))
            .unwrap();
        let hour = Hour {
            destination: "pacs".into(),
            hour: at(second * 3600).micros() / 3_600_000_000,
            sent: 1,
            bytes: 2,
            failed: 0,
        };
        store.count_hours(&[hour], at(0)).unwrap();
    }
    let before = at(40 * 3600);
    assert_eq!(store.forget_before(before, 1000, 30).unwrap().old, 60);
    assert_eq!(store.forget_before(before, 1000, 30).unwrap().old, 20);
    assert_eq!(store.forget_before(before, 1000, 30).unwrap().old, 0);
    let left = told(store);
    assert_eq!((left.len(), left[0].time), (10, before));
    assert_eq!(store.hours(at(0), at(FAR)).unwrap().len(), 10);
    // What comes later is no number that was given before.
    let last = left[9].id;
    assert_eq!(store.forget_before(at(FAR), 1000, 1000).unwrap().old, 20);
    store.note(&of(Event::Resumed, "pacs", 0)).unwrap();
    assert!(told(store)[0].id > last);
}

/// A backfill of one study a request; what else happened is told of until it is old.
fn a_flood_pushes_out_what_was_done_to_items_first(store: &dyn Store) {
    let items = [new_item("s", "a", "pacs"), new_item("s", "b", "pacs")];
    let ids = enqueue(store, &items);
    store.begin(at(1)).unwrap();
    away(store, "pacs", 2, 10);
    by("alice", 20).during(|| store.set_paused("pacs", true, at(20)).unwrap());
    let mut reloaded = Entry::new(Event::Reloaded, at(21));
    reloaded.details = Some("Rules".into());
    store.note(&reloaded).unwrap();
    let others = told(store);
    for second in 0..60 {
        let both = Filter {
            ids: Some(ids.clone()),
            ..Filter::default()
        };
        let operation = Operation::Prioritize(match second % 2 {
            0 => Priority::High,
            _ => Priority::Low,
        });
        by("script", 30 + second).during(|| assert_eq!(operate(store, &operation, &both).done, 2));
    }
    store.stopped_well(at(100)).unwrap();
    let all = told(store);
    assert_eq!(all.len(), others.len() + 61);
    let forget = |most, limit| store.forget_before(at(0), most, limit).unwrap().over;
    // In steps: the oldest of these, and not one of the others, which are older.
    assert_eq!((forget(50, 10), forget(50, 10)), (10, 6));
    assert_eq!(forget(50, 10), 0);
    assert_eq!(told(store)[..5], others);
    assert_eq!(told(store)[5..], all[21..]);
    // Even they are bounded, once nothing else is left.
    assert_eq!(forget(4, 1000), 46);
    assert_eq!(told(store), [&others[2..], &all[65..]].concat());
    // What is old goes, whatever it is.
    assert_eq!(store.forget_before(at(21), 1000, 1000).unwrap().old, 2);
    assert_eq!(kinds(store), [Event::Reloaded, Event::Stopped]);
}

/// What is left of a journal, as plainly as it can be said.
pub fn left_of(told: &[Entry], before: Timestamp, most: usize) -> Vec<Entry> {
    let mut left: Vec<Entry> = told
        .iter()
        .filter(|one| one.time >= before)
        .cloned()
        .collect();
    while left.len() > most {
        let of_items = left.iter().position(|one| one.event.is_of_items());
        left.remove(of_items.unwrap_or(0));
    }
    left
}

fn a_pardon_is_told(store: &dyn Store) {
    let mut new = new_item("study", "a", "pacs");
    new.expires = Some(at(10));
    enqueue(store, &[new]);
    store.expire(at(10), 1).unwrap();
    let pardon = |start| {
        let over = Duration::from_secs(3600);
        store.pardon(start, over, at(20)).unwrap()
    };
    assert_eq!(pardon(at(-5)), 0, "made since");
    assert_eq!(kinds(store), []);
    assert_eq!(pardon(at(5)), 1);
    let mut pardoned = Entry::new(Event::Pardoned, at(20));
    pardoned.count = Some(1);
    assert_told(store, &[pardoned]);
}

/// However they came there, and whatever became of them.
fn failures_are_counted_in_their_hour_for_ever(store: &dyn Store) {
    let mut items = vec![
        new_item("s", "a", "pacs"),
        new_item("s", "b", "pacs"),
        new_item("t", "c", "pacs"),
        new_item("t", "d", "other"),
    ];
    items[2].failed = Some(Outcome::new(Class::Coercion, "undecided"));
    items[3].expires = Some(at(3599));
    enqueue(store, &items);
    let failed = fail_all(store, "pacs", Class::Rejected);
    assert_eq!(failed.len(), 2);
    store.expire(at(7200), 10).unwrap();
    store.replay(failed[0], None).unwrap();
    store.remove(failed[1]).unwrap();
    let first = at(0).micros() / 3_600_000_000;
    let hour = |destination: &str, hour, failed| Hour {
        destination: destination.into(),
        hour,
        failed,
        ..Hour::default()
    };
    let expected = [hour("other", first + 2, 1), hour("pacs", first, 3)];
    assert_eq!(store.hours(at(0), at(7201)).unwrap(), expected);
    assert_eq!(store.hours(at(0), at(7200)).unwrap(), expected[1..]);
    assert_eq!(store.hours(at(3600), at(10_000)).unwrap(), expected[..1]);
    // Once more is once more.
    fail_all(store, "pacs", Class::Rejected);
    assert_eq!(store.hours(at(0), at(1)).unwrap()[0].failed, 4);
}

fn what_was_sent_is_added_once(make: Make<'_>) {
    let [one, two] = make();
    assert_eq!(one.counted_until().unwrap(), one.created().unwrap());
    let hour = |destination: &str, sent, bytes| Hour {
        destination: destination.into(),
        hour: at(0).micros() / 3_600_000_000,
        sent,
        bytes,
        failed: 99,
    };
    one.count_hours(&[hour("pacs", 3, 30), hour("other", 1, 10)], at(60))
        .unwrap();
    two.count_hours(&[hour("pacs", 4, 40)], at(120)).unwrap();
    one.count_hours(&[], at(180)).unwrap();
    assert_eq!(two.counted_until().unwrap(), at(180));
    let found = one.hours(at(0), at(1)).unwrap();
    let found: Vec<(String, u64, u64, u64)> = found
        .into_iter()
        .map(|one| (one.destination, one.sent, one.bytes, one.failed))
        .collect();
    assert_eq!(
        found,
        [("other".into(), 1, 10, 0), ("pacs".into(), 7, 70, 0)]
    );
}

/// Of two people at work at the same time, who began first may be done last.
fn what_began_before_is_told_behind(store: &dyn Store) {
    store.note(&of(Event::Paused, "pacs", 110)).unwrap();
    store.note(&of(Event::Redirected, "pacs", 100)).unwrap();
    let period = Period {
        from: at(90),
        until: at(200),
        ..always()
    };
    let found = store.entries(&period, 0, 10).unwrap();
    let kinds: Vec<Event> = found.iter().map(|entry| entry.event).collect();
    assert_eq!(kinds, [Event::Paused, Event::Redirected]);
}
