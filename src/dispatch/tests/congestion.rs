//! A destination that takes fewer associations than it may get, and one that is away when we start.

use super::*;

fn refused() -> Outcome {
    Outcome {
        may_be_congestion: true,
        ..Outcome::new(Class::Unreachable, "Association Rejected")
    }
}

/// Steps worker 1 within a delivery of worker 0; the destination refuses its association.
fn one_too_many(bench: &Bench) {
    let (lane, script) = (bench.lane.clone(), bench.script.clone());
    bench.on_deliver(move |batch| {
        *script.deliver.lock().unwrap() = Some(Box::new(|batch| up_to(batch, |_| Some(refused()))));
        assert_eq!(worker::step(&lane, 1), Step::Worked);
        // Worker 1 waits now, for a minute at most, or for the end of this batch.
        let Step::Idle(idle) = worker::step(&lane, 1) else {
            panic!("it tries again at once");
        };
        assert!(idle.until.is_some());
        *script.deliver.lock().unwrap() = None;
        up_to(batch, |_| None)
    });
}

#[test]
fn one_association_too_many_is_no_outage() {
    let bench = bench(|settings| settings.batch_size = 2);
    bench.enqueue(&items("s", 20));
    one_too_many(&bench);
    assert_eq!(worker::step(&bench.lane, 0), Step::Worked);
    let status = bench.lane.status();
    assert_eq!((status.unreachable_since, status.outages), (None, 0));
    assert_eq!(bench.record().outages, 0);
    let (item, attempts) = bench.item("s-2");
    assert_eq!(item.state, State::Pending);
    assert_eq!((item.attempt_count, attempts.len()), (0, 0));
    // The first batch is over: worker 1 may go, and then worker 0 waits, until the minute is over.
    let (lane, clock) = (bench.lane.clone(), bench.clock.clone());
    bench.on_deliver(move |batch| {
        let until = clock.now().plus_seconds(60.0);
        assert!(matches!(worker::step(&lane, 0), Step::Idle(idle) if idle.until == Some(until)));
        clock.0.fetch_add(60_000_000, Ordering::SeqCst);
        assert_eq!(worker::step(&lane, 0), Step::Worked);
        up_to(batch, |_| None)
    });
    assert_eq!(worker::step(&bench.lane, 1), Step::Worked);
    assert_eq!(bench.record().counts.get(State::Success), 6);
}

#[test]
fn a_resume_ends_the_congestion() {
    let bench = bench(|settings| settings.batch_size = 2);
    bench.enqueue(&items("s", 8));
    one_too_many(&bench);
    worker::step(&bench.lane, 0);
    let lane = bench.lane.clone();
    bench.on_deliver(move |batch| {
        lane.set_paused(false);
        assert_eq!(worker::step(&lane, 1), Step::Worked);
        up_to(batch, |_| None)
    });
    worker::step(&bench.lane, 0);
    assert_eq!(bench.record().counts.get(State::Success), 6);
}

#[test]
fn refused_with_no_other_association_it_is_an_outage() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 2));
    bench.always(refused());
    bench.work();
    assert!(bench.lane.status().unreachable_since.is_some());
    assert_eq!(bench.record().outages, 1);
    // That other batches were under way before counts for nothing.
    assert_eq!(bench.sent().len(), 1);
}

/// Not reachable at all while another batch is under way: that is an outage.
#[test]
fn only_a_refused_association_is_a_sign_of_too_many() {
    let bench = bench(|settings| settings.batch_size = 2);
    bench.enqueue(&items("s", 8));
    let (lane, script) = (bench.lane.clone(), bench.script.clone());
    bench.on_deliver(move |batch| {
        *script.deliver.lock().unwrap() = Some(Box::new(|batch| {
            up_to(batch, |_| Some(Outcome::new(Class::Unreachable, "gone")))
        }));
        worker::step(&lane, 1);
        assert!(lane.status().unreachable_since.is_some());
        up_to(batch, |_| None)
    });
    worker::step(&bench.lane, 0);
    assert_eq!(bench.record().outages, 1);
}

#[test]
fn an_outage_goes_on_after_a_restart_with_one_probe() {
    let mut bench = bench(|_| ());
    bench.enqueue(&items("s", 4));
    bench.on_probe(silent);
    bench.work();
    for _ in 0..8 {
        bench.next();
    }
    let since = bench.lane.status().unreachable_since;
    let kept = bench.record().outage.unwrap();
    assert_eq!((Some(kept.since), kept.failures), (since, 8));
    bench.advance(5.0);
    bench.restart();
    let (now, probed) = (bench.clock.now(), bench.probes());
    assert_eq!(bench.lane.status().unreachable_since, since);
    for number in [0, 1] {
        let step = worker::step(&bench.lane, number);
        let Step::Idle(idle) = step else {
            panic!("{step:?}");
        };
        assert!(idle.until.unwrap().since(now) <= Duration::from_secs(1));
    }
    assert_eq!((bench.probes(), bench.sent().len()), (probed, 0));
    // Still away: the wait is that of the ninth failure, not that of a new outage.
    bench.advance(1.0);
    let next = bench.work().unwrap();
    assert_eq!(bench.probes(), probed + 1);
    assert_eq!(next.since(bench.clock.now()).as_secs(), 60);
    let record = bench.record();
    assert_eq!(record.outages, 1);
    assert_eq!(record.outage.unwrap().since, since.unwrap());
    assert_eq!(bench.lane.status().outages, 1);

    bench.on_probe(|| Probe::Answered(Duration::ZERO));
    bench.next();
    let record = bench.record();
    assert_eq!((record.outage, record.outages), (None, 1));
    assert_eq!(record.counts.get(State::Success), 4);
    // The next one is another one, and a restart after the end knows of none.
    bench.restart();
    assert_eq!(bench.lane.status().unreachable_since, None);
    assert_eq!(bench.lane.status().outages, 1);
    bench.always(Outcome::new(Class::Unreachable, "gone"));
    bench.enqueue(&items("t", 1));
    bench.work();
    assert_eq!(bench.record().outages, 2);
    assert_eq!(bench.lane.status().outages, 2);
}
