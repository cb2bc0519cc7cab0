//! G6: outages are free.

use super::*;

#[test]
fn an_outage_of_hours_costs_no_attempt_and_is_probed_up_to_once_a_minute() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 250));
    bench.on_probe(silent);
    bench.work();
    let mut times = vec![bench.time()];
    while bench.time() < 6 * 3600 {
        bench.next();
        times.push(bench.time());
    }
    let waits: Vec<i64> = times.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(waits[..7], [1, 2, 4, 8, 16, 32, 60]);
    assert!(waits[6..].iter().all(|wait| *wait == 60), "{waits:?}");
    assert_eq!(bench.probes() as usize, times.len());
    assert!(bench.sent().is_empty());
    let record = bench.record();
    assert_eq!(record.counts.get(State::Pending), 250);
    assert_eq!(record.last_error.unwrap().class, Class::Unreachable);
    assert!(bench.lane.status().unreachable_since.is_some());

    let probed = bench.probes();
    bench.on_probe(|| Probe::Answered(Duration::ZERO));
    bench.next();
    assert_eq!(bench.record().counts.get(State::Success), 250);
    assert_eq!(
        bench.probes(),
        probed + 2,
        "the probe, then one of a lane never heard of"
    );
    for at in [0, 249] {
        let (item, attempts) = bench.item(&format!("s-{at}"));
        assert_eq!((item.attempt_count, attempts.len()), (1, 1));
    }
    assert!(bench.lane.status().unreachable_since.is_none());
}

#[test]
fn it_goes_away_in_the_middle_of_a_batch() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 5));
    bench.on_deliver(|batch| {
        up_to(batch, |item| {
            (item.ids.instance == "s-2").then(|| Outcome::new(Class::Unreachable, "gone"))
        })
    });
    bench.work();
    assert_eq!(bench.record().counts.get(State::Success), 2);
    assert_eq!(bench.record().counts.get(State::Pending), 3);
    assert_eq!(bench.item("s-2").0.attempt_count, 0);
    assert!(bench.classes("s-2").is_empty());
    bench.on_deliver(|batch| up_to(batch, |_| None));
    bench.next();
    assert_eq!(bench.record().counts.get(State::Success), 5);
    assert_eq!(bench.sent()[1], ["s-2", "s-3", "s-4"]);
}

#[test]
fn resume_and_echo_end_the_waiting_at_once() {
    for by_echo in [false, true] {
        let bench = bench(|_| ());
        bench.enqueue(&items("s", 2));
        bench.on_probe(silent);
        for _ in 0..9 {
            bench.next();
        }
        assert!(bench.lane.echo().is_err());
        bench.on_probe(|| Probe::Answered(Duration::ZERO));
        bench.work();
        assert!(bench.sent().is_empty(), "not before the probe is due");
        if by_echo {
            assert!(bench.lane.echo().is_ok());
        } else {
            bench.lane.set_paused(false);
        }
        bench.work();
        assert_eq!(bench.record().counts.get(State::Success), 2);
    }
}

#[test]
fn one_that_answers_no_echo_but_takes_stores_is_sent_to() {
    let bench = bench(|_| ());
    let refused = || Probe::Refused(Outcome::new(Class::Unreachable, "no C-ECHO here"));
    bench.enqueue(&items("s", 3));
    bench.on_probe(silent);
    bench.work();
    bench.on_probe(refused);
    // It refuses stores too: the outage goes on, one instance for each probe, no attempt counted.
    bench.always(Outcome::new(Class::Unreachable, "rejected"));
    let mut times = vec![bench.time()];
    for _ in 0..4 {
        bench.next();
        times.push(bench.time());
    }
    let waits: Vec<i64> = times.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(waits, [1, 2, 4, 8]);
    assert!(bench.sent().iter().all(|batch| batch == &["s-0"]));
    assert_eq!(bench.item("s-0").0.attempt_count, 0);
    bench.on_deliver(|batch| up_to(batch, |_| None));
    bench.next();
    assert_eq!(bench.record().counts.get(State::Success), 3);
}

/// The instance that was to tell whether it is back is gone, or cannot be changed as asked: the next probe comes all
/// the same.
#[test]
fn a_probe_without_a_result_does_not_block_the_lane() {
    for class in [Class::Missing, Class::Coercion] {
        no_result_of(class);
    }
}

fn no_result_of(class: Class) {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 2));
    bench.on_probe(silent);
    bench.work();
    bench.on_probe(|| Probe::Refused(Outcome::new(Class::Unreachable, "no")));
    bench.always(Outcome::new(class, "gone"));
    bench.next();
    bench.next();
    assert_eq!(bench.record().counts.get(State::Failure), 2);
    bench.enqueue(&items("t", 1));
    bench.on_deliver(|batch| up_to(batch, |_| None));
    bench.next();
    assert_eq!(bench.item("t-0").0.state, State::Success);
}

/// What cannot be changed as asked says nothing of the destination: the rest goes on, and no breaker opens.
#[test]
fn what_cannot_be_changed_is_no_outage() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 6));
    let bad = ["s-0", "s-1", "s-3"];
    bench.on_deliver(move |batch| {
        up_to(batch, |item| {
            bad.contains(&item.ids.instance.as_str())
                .then(|| Outcome::new(Class::Coercion, "0010,0020: too long"))
        })
    });
    bench.work();
    let counts = bench.record().counts;
    assert_eq!(
        (counts.get(State::Success), counts.get(State::Failure)),
        (3, 3)
    );
    let (item, attempts) = bench.item("s-3");
    assert_eq!((item.class, item.attempt_count), (Some(Class::Coercion), 0));
    assert_eq!(attempts.len(), 1);
    assert!(bench.lane.status().unreachable_since.is_none());
}

#[test]
fn items_expire_during_an_outage() {
    let bench = bench(|_| ());
    let expires = Some(bench.clock.now().plus_seconds(3600.0));
    let mortal = NewItem {
        expires,
        ..item("s", "mortal")
    };
    bench.enqueue(&[mortal, item("s", "other")]);
    bench.on_probe(silent);
    while bench.time() <= 3660 {
        bench.next();
    }
    let (mortal, attempts) = bench.item("mortal");
    assert_eq!(mortal.state, State::Failure);
    assert_eq!(mortal.class, Some(Class::Expired));
    assert_eq!((mortal.attempt_count, attempts.len()), (0, 0));
    assert_eq!(bench.item("other").0.state, State::Pending);
}

/// While one worker probes, the others wait for its result: they neither probe nor spin.
#[test]
fn one_probe_at_a_time() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 1));
    bench.on_probe(silent);
    bench.work();
    let (lane, seen) = (bench.lane.clone(), Arc::new(Mutex::new(None)));
    let record = seen.clone();
    bench.on_probe(move || {
        *record.lock().unwrap() = Some(worker::step(&lane, 0));
        Probe::Answered(Duration::ZERO)
    });
    let Some(due) = bench.work() else {
        panic!("the next probe has a time");
    };
    let wait = due.since(bench.clock.now()).as_micros() as i64;
    bench.clock.0.fetch_add(wait, Ordering::SeqCst);
    worker::step(&bench.lane, 0);
    match seen.lock().unwrap().take() {
        Some(Step::Idle(idle)) => assert_eq!(idle.until, None),
        other => panic!("{other:?}"),
    }
}
