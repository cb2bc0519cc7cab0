//! Each outcome class of the contract, through a whole lane.

use super::*;
use crate::item::{RetryPolicy, State};

fn quick(settings: &mut DestinationSettings) {
    settings.retry = RetryPolicy {
        max_attempts: 3,
        ..RetryPolicy::default()
    };
}

fn one(outcome: Outcome) -> Bench {
    let bench = bench(quick);
    bench.enqueue(&items("s", 3));
    bench.on_deliver(move |batch| {
        up_to(batch, |item| {
            (item.ids.instance == "s-1").then(|| outcome.clone())
        })
    });
    bench.work();
    bench
}

/// Something of ours cannot be used: that is no attempt, and says nothing of the destination. It goes on by itself.
#[test]
fn what_cannot_be_changed_now_costs_nothing() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 3));
    let mut first = true;
    bench.on_deliver(move |batch| {
        if !std::mem::take(&mut first) {
            return up_to(batch, |_| None);
        }
        let not_now = Tried::NotNow("the store is locked".to_owned());
        Delivery(vec![success(), not_now, Tried::NotYet])
    });
    let begun = std::time::Instant::now();
    worker::step(&bench.lane, 0);
    // Whoever comes back at once would ask for ever.
    assert!(begun.elapsed() >= worker::STORE_PAUSE);
    assert_eq!(bench.item("s-0").0.state, State::Success);
    for waits in ["s-1", "s-2"] {
        let (item, attempts) = bench.item(waits);
        assert_eq!(item.state, State::Pending);
        assert_eq!((item.class, item.attempt_count), (None, 0));
        assert!(attempts.is_empty());
    }
    let status = bench.lane.status();
    assert!(status.unreachable_since.is_none());
    worker::step(&bench.lane, 0);
    assert_eq!(bench.record().counts.get(State::Success), 3);
}

/// What follows each class at once: state, `AttemptCount`, whether an attempt is on record.
#[test]
fn what_follows_each_class() {
    use State::{Failure, Pending, Retry, Scheduled, Success};
    let status = |status: u16| Outcome::of_status(status, "said so");
    let class = |class: Class| Outcome::new(class, "said so");
    let table = [
        (status(0x0000), Class::Success, Success, 1),
        (status(0xB000), Class::Warning, Success, 1),
        (status(0xB006), Class::Warning, Success, 1),
        (status(0xB007), Class::Warning, Success, 1),
        (status(0x0111), Class::Warning, Success, 1),
        (status(0xA700), Class::Busy, Retry, 1),
        (status(0x0110), Class::Busy, Retry, 1),
        (status(0xA801), Class::Rejected, Failure, 1),
        (status(0xA900), Class::Rejected, Failure, 1),
        (status(0xC000), Class::Rejected, Failure, 1),
        (status(0x0122), Class::Rejected, Failure, 1),
        (status(0x0124), Class::Rejected, Failure, 1),
        (class(Class::Unreachable), Class::Unreachable, Pending, 0),
        (class(Class::Interrupted), Class::Interrupted, Retry, 1),
        (
            class(Class::NotNegotiated),
            Class::NotNegotiated,
            Failure,
            1,
        ),
        (class(Class::Missing), Class::Missing, Failure, 0),
        (class(Class::Coercion), Class::Coercion, Failure, 0),
        (Outcome::waiting("said so"), Class::Coercion, Scheduled, 0),
        (class(Class::Internal), Class::Internal, Retry, 1),
    ];
    for (outcome, class, state, count) in table {
        let bench = one(outcome.clone());
        let (item, attempts) = bench.item("s-1");
        let place = format!("{outcome:?} {item:?}");
        assert_eq!(item.state, state, "{place}");
        assert_eq!(item.attempt_count, count, "{place}");
        if state == Pending {
            assert_eq!((item.class, attempts.len()), (None, 0), "{place}");
        } else {
            assert_eq!(item.class, Some(class), "{place}");
            assert_eq!(item.dimse_status, outcome.dimse_status, "{place}");
            assert_eq!(item.details.as_deref(), Some("said so"), "{place}");
            // What is held was not tried.
            assert_eq!(attempts.len(), usize::from(state != Scheduled), "{place}");
        }
        if let Some(last) = attempts.last() {
            assert_eq!(last.class, class, "{place}");
            assert_eq!(last.dimse_status, outcome.dimse_status, "{place}");
        }
        assert_eq!(bench.item("s-0").0.state, Success, "{place}");
        let rest = bench.item("s-2").0;
        if state == Pending {
            assert_eq!((rest.state, rest.attempt_count), (Pending, 0), "{place}");
        } else {
            // Its turn may have come later: it is sent with one attempt all the same.
            assert_eq!((rest.state, rest.attempt_count), (Success, 1), "{place}");
        }
    }
}

#[test]
fn busy_twice_then_delivered_counts_three() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 1));
    let mut tries = 0;
    bench.on_deliver(move |batch| {
        tries += 1;
        let status = if tries <= 2 { 0xA700 } else { 0 };
        up_to(batch, |_| Some(Outcome::of_status(status, "")))
    });
    bench.work();
    let due = bench.item("s-0").0.next_attempt.unwrap();
    assert_eq!(due.since(bench.clock.now()).as_secs(), 30);
    for _ in 0..5 {
        if bench.item("s-0").0.state == State::Success {
            break;
        }
        bench.next();
    }
    assert_eq!(bench.time(), 90, "30 s, then 60 s");
    let (item, attempts) = bench.item("s-0");
    assert_eq!((item.state, item.attempt_count), (State::Success, 3));
    assert_eq!(
        attempts.iter().map(|a| a.number).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(
        bench.classes("s-0"),
        [Class::Busy, Class::Busy, Class::Success]
    );
}

#[test]
fn the_uid_that_was_sent_is_kept_on_the_attempt() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 2));
    let renamed = || Some("2.25.7".to_owned());
    bench.on_deliver(move |batch| {
        let mut delivery = up_to(batch, |_| None);
        if let Tried::Made { sent_as, .. } = &mut delivery.0[0] {
            *sent_as = renamed();
        }
        delivery
    });
    bench.work();
    let sent_as = |instance: &str| bench.item(instance).1[0].sent_as.clone();
    assert_eq!([sent_as("s-0"), sent_as("s-1")], [renamed(), None]);
}

#[test]
fn after_max_attempts_it_is_in_the_error_queue() {
    let bench = bench(quick);
    bench.enqueue(&items("s", 1));
    bench.always(Outcome::new(Class::Interrupted, "aborted"));
    bench.work();
    for _ in 0..20 {
        if bench.item("s-0").0.state == State::Failure {
            break;
        }
        bench.next();
    }
    let (item, attempts) = bench.item("s-0");
    assert_eq!((item.state, item.attempt_count), (State::Failure, 3));
    assert_eq!(attempts.len(), 3);
    assert_eq!(bench.sent().len(), 3);
}

#[test]
fn a_refusal_may_be_retried_if_asked_for() {
    let bench = bench(|settings| settings.retry.on_rejected = true);
    bench.enqueue(&items("s", 1));
    bench.always(Outcome::of_status(0xC000, ""));
    bench.work();
    assert_eq!(bench.item("s-0").0.state, State::Retry);
}

/// A destination that aborts everything does not burn the queue's attempts in one go: single trials, further and
/// further apart, each after an answered C-ECHO.
#[test]
fn a_suspect_gets_single_trials() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 50));
    bench.always(Outcome::new(Class::Interrupted, "aborted"));
    bench.work();
    let sent = bench.sent();
    assert_eq!(sent[0].len(), 10, "fresh");
    assert!(sent[1..].iter().all(|batch| batch.len() == 1), "{sent:?}");
    while bench.time() < 120 {
        bench.next();
    }
    // 0, 0, 1, 2, 4, 8, 16, 32, 60 s: 9 deliveries in 63 s, the tenth at 123 s.
    assert!(bench.sent().len() <= 11, "{}", bench.sent().len());
    let counted: u32 = (0..50)
        .map(|at| bench.item(&format!("s-{at}")).0.attempt_count)
        .sum();
    assert_eq!(
        counted as usize,
        bench.sent().len(),
        "one attempt for each delivery"
    );
    bench.on_deliver(|batch| up_to(batch, |_| None));
    while bench.record().counts.get(State::Success) < 50 {
        bench.next();
    }
}

#[test]
fn a_missing_instance_within_a_batch_stops_nobody() {
    let bench = one(Outcome::new(Class::Missing, "gone"));
    assert_eq!(bench.sent().len(), 1);
    assert_eq!(bench.record().counts.get(State::Success), 2);
    // Nothing was heard of the destination that would make it suspect.
    bench.enqueue(&items("t", 20));
    bench.on_deliver(|batch| up_to(batch, |_| None));
    bench.work();
    assert_eq!(bench.sent()[1].len(), 20);
}
