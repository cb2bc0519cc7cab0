//! What holds items back while the destination is well: windows, the throttle, reserved associations, fairness.

use super::*;
use crate::config::settings::Window;

/// The bench begins at 08:00 (UTC, the bench's local time).
const BEGIN_HOUR: f64 = 8.0;

pub(super) fn window(from: u16, to: u16) -> Vec<Window> {
    vec![Window {
        days: Vec::new(),
        from: from * 60,
        to: to * 60,
    }]
}

pub(super) fn at_hour(hour: f64) -> Timestamp {
    Timestamp::from_micros(BEGIN).plus_seconds((hour - BEGIN_HOUR) * 3600.0)
}

pub(super) fn to_hour(bench: &Bench, hour: f64) {
    let micros = at_hour(hour).micros() - BEGIN;
    bench.clock.0.store(micros, Ordering::SeqCst);
}

fn with(instance: &str, priority: Priority) -> NewItem {
    NewItem {
        priority,
        ..item(instance, instance)
    }
}

#[test]
fn a_closed_window_holds_everything_until_it_opens() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    for at in 0..3 {
        bench.enqueue(&items(&format!("s{at}"), 2));
        assert_eq!(bench.work(), Some(at_hour(22.0)));
        let other = worker::step(&bench.lane, 1);
        assert!(matches!(other, Step::Idle(idle) if idle.until == Some(at_hour(22.0))));
    }
    assert!(bench.sent().is_empty());
    assert_eq!(bench.probes(), 0, "it is left alone");
    let status = bench.lane.status();
    assert!(status.outside_window);
    assert_eq!(status.opens, Some(at_hour(22.0)));
    assert_eq!(bench.record().counts.get(State::Pending), 6);

    bench
        .clock
        .0
        .fetch_add(at_hour(22.0).micros() - BEGIN - 1, Ordering::SeqCst);
    bench.work();
    assert!(bench.sent().is_empty(), "a microsecond before");
    to_hour(&bench, 22.0);
    assert_eq!(bench.work(), None);
    assert_eq!(bench.record().counts.get(State::Success), 6);
    let status = bench.lane.status();
    assert_eq!((status.outside_window, status.opens), (false, None));

    // After midnight it is the same window.
    to_hour(&bench, 24.0 + 5.9);
    bench.enqueue(&items("night", 1));
    bench.work();
    assert_eq!(bench.state("night-0"), State::Success);
    to_hour(&bench, 24.0 + 6.0);
    bench.enqueue(&items("morning", 1));
    assert_eq!(bench.work(), Some(at_hour(24.0 + 22.0)));
    assert_eq!(bench.state("morning-0"), State::Pending);
}

#[test]
fn send_now_goes_through_a_closed_window_alone() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 3));
    bench.work();
    bench.send_now("s-1");
    assert_eq!(bench.work(), Some(at_hour(22.0)));
    assert_eq!(bench.sent(), [["s-1"]]);
    assert_eq!(bench.state("s-1"), State::Success);
    assert_eq!(bench.record().counts.get(State::Pending), 2);
    assert!(bench.lane.status().outside_window);
}

#[test]
fn an_attempt_that_fails_uses_send_now_up_and_an_outage_does_not() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 2));
    bench.send_now("s-0");
    bench.always(Outcome::new(Class::Unreachable, "gone"));
    bench.work();
    assert_eq!(bench.sent().len(), 1);
    bench.always(Outcome::of_status(0xA700, "busy"));
    bench.next();
    assert_eq!(bench.sent(), [["s-0"], ["s-0"]]);
    assert_eq!(bench.state("s-0"), State::Retry);
    bench.advance(3600.0);
    bench.promoter.round().unwrap();
    bench.work();
    assert_eq!(bench.sent().len(), 2, "the retry waits for the window");
}

#[test]
fn a_pause_is_not_overridden_by_send_now() {
    let bench = bench(|_| ());
    bench.lane.set_paused(true);
    bench.enqueue(&items("s", 2));
    bench.send_now("s-1");
    assert_eq!(bench.work(), None);
    assert!(bench.sent().is_empty());
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(bench.sent(), [["s-1"], ["s-0"]]);
}

#[test]
fn a_pause_holds_in_a_closed_window_too() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.lane.set_paused(true);
    bench.enqueue(&items("s", 2));
    bench.send_now("s-1");
    assert_eq!(bench.work(), None);
    assert_eq!((bench.probes(), bench.sent().len()), (0, 0));
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(bench.sent(), [["s-1"]]);
}

/// A probe that is refused tries a C-STORE: not through a closed window.
#[test]
fn a_probe_takes_nothing_through_a_closed_window() {
    let bench = bench(|settings| settings.windows = window(22, 6));
    bench.enqueue(&items("s", 2));
    bench.send_now("s-0");
    bench.on_probe(silent);
    bench.work();
    assert!(bench.lane.status().unreachable_since.is_some());
    bench.on_probe(|| Probe::Refused(Outcome::new(Class::Unreachable, "no C-ECHO")));
    bench.next();
    assert_eq!(bench.sent(), [["s-0"]]);
    bench
        .lane
        .unreachable(&Outcome::new(Class::Unreachable, ""));
    for _ in 0..3 {
        bench.next();
    }
    assert_eq!(bench.sent(), [["s-0"]]);
    assert_eq!(bench.state("s-1"), State::Pending);
}

/// The window opens while a worker looks for what may go through a closed one: that it finds nothing says
/// nothing of the others.
#[test]
fn a_window_that_opens_meanwhile_is_seen() {
    let bench = bench(|settings| {
        settings.windows = window(22, 6);
        settings.batch_size = 1;
    });
    to_hour(&bench, 22.0);
    bench.enqueue(&items("first", 1));
    bench.work();
    to_hour(&bench, 24.0 + 7.0);
    bench.enqueue(&items("s", 2));
    let (lane, clock) = (bench.lane.clone(), bench.clock.clone());
    let mut once = true;
    bench.on_admit(move || {
        if std::mem::take(&mut once) {
            clock
                .0
                .store(at_hour(24.0 + 22.0).micros() - BEGIN, Ordering::SeqCst);
            assert_eq!(worker::step(&lane, 1), Step::Worked);
        }
    });
    bench.work();
    assert_eq!(bench.record().counts.get(State::Success), 3);
}

#[test]
fn the_rate_is_kept_over_all_workers() {
    const RATE: u64 = 1000;
    let bench = bench(|settings| settings.max_bytes_per_second = RATE);
    let sizes = [500, 2500, 1, 999, 4000, 10, 10, 700];
    let new: Vec<NewItem> = (0..40)
        .map(|at| NewItem {
            size_bytes: sizes[at % sizes.len()],
            ..item("s", &format!("{at}"))
        })
        .collect();
    bench.enqueue(&new);
    let went: Arc<Mutex<Vec<(Timestamp, u64)>>> = Arc::default();
    let (record, clock) = (went.clone(), bench.clock.clone());
    bench.on_deliver(move |batch| {
        let bytes = batch.items.iter().map(|item| item.size_bytes).sum();
        record.lock().unwrap().push((clock.now(), bytes));
        up_to(batch, |_| None)
    });
    let mut rest = 0;
    while bench.record().counts.open() > 0 {
        let mut next = None;
        for number in [0, 1] {
            if let Step::Idle(idle) = worker::step(&bench.lane, number) {
                next = [next, idle.until].into_iter().flatten().min();
            }
        }
        if let Some(next) = next {
            let wait = next.since(bench.clock.now()).as_micros() as i64;
            bench.clock.0.fetch_add(wait, Ordering::SeqCst);
        }
        rest += 1;
        assert!(rest < 1000, "it comes to no end");
    }
    let went = went.lock().unwrap().clone();
    assert_eq!(went.len(), 40, "one instance at a time");
    for from in 0..went.len() {
        let mut bytes = 0;
        for (time, size) in &went[from..] {
            let allowed = time.since(went[from].0).as_secs_f64() * RATE as f64;
            assert!(
                bytes as f64 <= allowed + 1.0,
                "{bytes} bytes before {time:?}, {allowed} allowed"
            );
            bytes += size;
        }
    }
    let total: u64 = went[..39].iter().map(|(_, size)| size).sum();
    let took = went[39].0.since(went[0].0).as_secs_f64();
    assert!((took - total as f64 / RATE as f64).abs() < 0.01, "{took}");
}

#[test]
fn a_resume_forgives_what_the_throttle_is_owed() {
    let bench = bench(|settings| settings.max_bytes_per_second = 1);
    bench.enqueue(&items("s", 3));
    let next = bench.work().unwrap();
    assert_eq!(next.since(bench.clock.now()).as_secs(), 10);
    assert_eq!(bench.sent().len(), 1);
    bench.lane.set_paused(true);
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(bench.sent().len(), 2);
}

/// An instance of an hour that did not go does not make the others wait for an hour after the outage (G6).
#[test]
fn what_an_outage_kept_back_is_not_owed() {
    let bench = bench(|settings| settings.max_bytes_per_second = 1000);
    let large = NewItem {
        size_bytes: 3_600_000,
        ..item("s", "large")
    };
    bench.enqueue(&[large]);
    bench.always(Outcome::new(Class::Unreachable, "gone"));
    bench.work();
    bench.on_deliver(|batch| up_to(batch, |_| None));
    while bench.state("large") != State::Success {
        bench.next();
        assert!(bench.time() <= 60);
    }
    bench.enqueue(&items("t", 1));
    let due = bench.work().unwrap();
    assert!(
        due.since(bench.clock.now()).as_secs() >= 3590,
        "it is owed now"
    );
}

#[test]
fn a_reserved_association_serves_only_high_and_stat() {
    let bench = bench(|settings| {
        settings.associations = 3;
        settings.reserved_associations = 1;
    });
    let reserved = |bench: &Bench| loop {
        match worker::step(&bench.lane, 2) {
            Step::Worked => {}
            Step::Idle(idle) => return idle.until,
            other => panic!("{other:?}"),
        }
    };
    bench.enqueue(&[with("medium", Priority::Medium), with("low", Priority::Low)]);
    bench.send_now("low");
    assert_eq!(reserved(&bench), None);
    assert!(bench.sent().is_empty());
    assert_eq!(bench.probes(), 0, "it needs nothing of the destination");
    // The others are busy with the first; High and Stat go meanwhile.
    let (lane, store, clock) = (bench.lane.clone(), bench.store.clone(), bench.clock.clone());
    let mut once = true;
    bench.on_deliver(move |batch| {
        if std::mem::take(&mut once) {
            let urgent = [with("high", Priority::High), with("stat", Priority::Stat)];
            store
                .enqueue(&Intake::arrival(&urgent), clock.now())
                .unwrap();
            lane.poke();
            for _ in 0..4 {
                worker::step(&lane, 2);
            }
        }
        up_to(batch, |_| None)
    });
    // That the reserved one found nothing does not blind this one.
    worker::step(&bench.lane, 0);
    assert_eq!(bench.sent(), [["low"], ["stat"], ["high"]]);
    assert_eq!(bench.state("medium"), State::Pending);
    bench.work();
    assert_eq!(bench.state("medium"), State::Success);
}

/// That the others found nothing does not blind the reserved one.
#[test]
fn a_reserved_association_looks_for_itself() {
    let bench = bench(|settings| settings.reserved_associations = 1);
    assert_eq!(bench.work(), None);
    let now = bench.clock.now();
    let high = [with("high", Priority::High)];
    bench.store.enqueue(&Intake::arrival(&high), now).unwrap();
    worker::step(&bench.lane, 1);
    assert_eq!(bench.sent(), [["high"]]);
}

#[test]
fn a_reserved_association_rests_while_the_window_is_closed() {
    let bench = bench(|settings| {
        settings.reserved_associations = 1;
        settings.windows = window(22, 6);
    });
    bench.enqueue(&[with("low", Priority::Low)]);
    bench.send_now("low");
    let step = worker::step(&bench.lane, 1);
    assert!(matches!(step, Step::Idle(idle) if idle.until == Some(at_hour(22.0))));
    bench.work();
    assert_eq!(bench.state("low"), State::Success);
}

/// Claims between two of those that are not `Stat`, with `Stat` items without end. `lockstep`: two workers decide at
/// the same time.
fn longest_wait_for_low(lockstep: bool) -> usize {
    let bench = bench(|settings| settings.batch_size = 1);
    let low: Vec<NewItem> = (0..20)
        .map(|at| with(&format!("low-{at}"), Priority::Low))
        .collect();
    bench.enqueue(&low);
    let (store, clock) = (bench.store.clone(), bench.clock.clone());
    let mut count = 0;
    let mut more = move || {
        count += 1;
        let stat = [with(&format!("stat-{count}"), Priority::Stat)];
        store.enqueue(&Intake::arrival(&stat), clock.now()).unwrap();
    };
    (0..3).for_each(|_| more());
    bench.on_deliver(move |batch| {
        more();
        up_to(batch, |_| None)
    });
    if lockstep {
        let lane = bench.lane.clone();
        bench.on_admit(move || {
            worker::step(&lane, 1);
        });
    }
    for _ in 0..220 {
        bench.lane.poke();
        worker::step(&bench.lane, 0);
    }
    let sent: Vec<String> = bench.sent().concat();
    let low: Vec<usize> = (0..sent.len())
        .filter(|at| sent[*at].starts_with("low"))
        .collect();
    assert_eq!(low.len(), 20, "all of them went");
    let waits = low.windows(2).map(|two| two[1] - two[0]);
    waits.max().unwrap().max(low[0] + 1)
}

#[test]
fn low_gets_one_claim_in_ten() {
    assert_eq!(longest_wait_for_low(false), 10);
    // Two that decide at once may both take another `Stat`.
    assert!(longest_wait_for_low(true) <= 11);
}
