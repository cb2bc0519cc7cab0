//! A person wants all that waits for a destination sent now.

use super::limits::{at_hour, to_hour, window};
use super::*;

#[test]
fn a_whole_queue_goes_through_a_closed_window_and_then_it_holds_again() {
    let bench = bench(|settings| {
        settings.windows = window(22, 6);
        settings.batch_size = 2;
    });
    bench.enqueue(&items("s", 5));
    assert_eq!(bench.work(), Some(at_hour(22.0)));
    bench.lane.send_now(true);
    let status = bench.lane.status();
    assert_eq!((status.outside_window, status.opens), (false, None));
    // What comes while it goes goes too.
    let (store, lane, clock) = (bench.store.clone(), bench.lane.clone(), bench.clock.clone());
    let mut late = items("late", 2);
    bench.on_deliver(move |batch| {
        for item in late.drain(..) {
            store
                .enqueue(&Intake::arrival(&[item]), clock.now())
                .unwrap();
            lane.poke();
        }
        up_to(batch, |_| None)
    });
    assert_eq!(bench.work(), Some(at_hour(22.0)));
    assert_eq!(bench.record().counts.get(State::Success), 7);
    assert!(bench.lane.status().outside_window);
    bench.enqueue(&items("after", 2));
    assert_eq!(bench.work(), Some(at_hour(22.0)));
    assert_eq!(bench.record().counts.get(State::Pending), 2);
    to_hour(&bench, 22.0);
    bench.work();
    assert_eq!(bench.record().counts.get(State::Pending), 0);
}

#[test]
fn a_closed_window_holds_at_once_where_nothing_waits() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.lane.send_now(true);
    assert_eq!(bench.work(), Some(at_hour(22.0)));
    bench.enqueue(&items("s", 1));
    assert_eq!(bench.work(), Some(at_hour(22.0)));
    assert!(bench.sent().is_empty());
}

/// Another worker sees an empty queue while a batch is under way: what that batch gives back still goes.
#[test]
fn what_a_batch_gives_back_is_let_through_too() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 3));
    bench.work();
    bench.lane.send_now(true);
    let lane = bench.lane.clone();
    let mut first = true;
    bench.on_deliver(move |batch| {
        if !std::mem::take(&mut first) {
            return up_to(batch, |_| None);
        }
        for _ in 0..3 {
            worker::step(&lane, 1);
        }
        assert!(!lane.status().outside_window);
        up_to(batch, |item| {
            (item.ids.instance == "s-1").then(|| Outcome::new(Class::Interrupted, "cut"))
        })
    });
    bench.work();
    let states = ["s-0", "s-1", "s-2"].map(|name| bench.state(name));
    assert_eq!(states, [State::Success, State::Retry, State::Success]);
    assert!(bench.lane.status().outside_window);
}

/// Between a worker's claim and the moment at which its lane knows of it.
#[test]
fn what_another_worker_is_about_to_send_is_not_held() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 2));
    bench.work();
    bench.lane.send_now(true);
    let lane = bench.lane.clone();
    let mut first = true;
    bench.on_admit(move || {
        if std::mem::take(&mut first) {
            // It takes all, and another one finds nothing.
            for _ in 0..3 {
                worker::step(&lane, 1);
            }
            assert!(!lane.status().outside_window);
        }
    });
    bench.work();
    assert_eq!(bench.record().counts.get(State::Success), 2);
    assert!(bench.lane.status().outside_window);
}

#[test]
fn a_retry_waits_for_the_window_though_the_queue_was_let_through() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 1));
    bench.lane.send_now(true);
    bench.always(Outcome::of_status(0xA700, "busy"));
    bench.work();
    assert_eq!(bench.state("s-0"), State::Retry);
    bench.advance(3600.0);
    bench.promoter.round().unwrap();
    bench.work();
    assert_eq!(bench.state("s-0"), State::Pending);
    assert_eq!(bench.sent().len(), 1);
}

#[test]
fn an_outage_is_probed_at_once_and_then_the_window_is_let_through() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 2));
    bench.on_probe(silent);
    bench
        .lane
        .unreachable(&Outcome::new(Class::Unreachable, "gone"));
    for _ in 0..6 {
        bench.next();
    }
    let probes = bench.probes();
    bench.work();
    assert_eq!(bench.probes(), probes, "the next probe is not yet due");
    bench.lane.send_now(true);
    bench.work();
    assert_eq!(bench.probes(), probes + 1);
    // It is still away: what was asked for stays asked for.
    bench.on_probe(|| Probe::Answered(Duration::from_millis(1)));
    bench.next();
    assert_eq!(bench.record().counts.get(State::Success), 2);
    assert!(bench.lane.status().outside_window);
}

#[test]
fn a_pause_is_not_lifted_when_a_whole_queue_is_sent_now() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.lane.set_paused(true);
    bench.enqueue(&items("s", 2));
    bench.lane.send_now(true);
    assert_eq!(bench.work(), None);
    assert!(bench.lane.status().paused);
    assert!(bench.sent().is_empty());
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(bench.record().counts.get(State::Success), 2);
}

/// A click by mistake is taken back by a pause.
#[test]
fn a_pause_ends_what_was_let_through() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 2));
    bench.lane.send_now(true);
    bench.lane.set_paused(true);
    bench.lane.set_paused(false);
    assert_eq!(bench.work(), Some(at_hour(22.0)));
    assert!(bench.lane.status().outside_window);
    assert!(bench.sent().is_empty());
}
