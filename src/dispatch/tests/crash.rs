//! Orthanc ends while an instance is being sent: the others arrive, and it does not go on for ever.

use std::sync::atomic::AtomicUsize;

use super::*;

/// Sends as the native transport does, each result told before the next instance; `dies` tells where the process ends,
/// with nothing more written.
fn natively(bench: &Bench, dies: impl Fn(&Item) -> bool + Send + 'static) -> Arc<AtomicUsize> {
    let deaths = Arc::new(AtomicUsize::new(0));
    let (lane, counted) = (bench.lane.clone(), deaths.clone());
    bench.on_deliver(move |batch| {
        let mut results = Vec::new();
        for (index, item) in batch.items.iter().enumerate() {
            if dies(item) {
                counted.fetch_add(1, Ordering::SeqCst);
                lane.stop();
                results.resize(batch.items.len(), Tried::Unknown);
                break;
            }
            (batch.told)(index, &success());
            results.push(success());
        }
        Delivery(results)
    });
    deaths
}

/// Steps the two workers by turns, until the process ends (`true`) or there is nothing to do.
fn run(bench: &Bench) -> bool {
    loop {
        let mut idle = 0;
        for worker in 0..2 {
            match worker::step(&bench.lane, worker) {
                Step::Stopped => return true,
                Step::Idle(_) => idle += 1,
                Step::Worked => {}
                other => panic!("{other:?}"),
            }
        }
        if idle == 2 {
            return false;
        }
    }
}

/// As after a start.
fn start(bench: &mut Bench) -> Released {
    bench
        .store
        .set_paused("pacs", false, bench.clock.now())
        .unwrap();
    let found = bench.store.begin(bench.clock.now()).unwrap();
    bench.restart();
    found
}

#[test]
fn what_kills_orthanc_goes_to_the_error_queue_and_all_others_arrive() {
    let mut bench = bench(|settings| settings.associations = 2);
    start(&mut bench);
    for (study, place) in [("s", 0), ("t", 25), ("u", 59)] {
        bench.enqueue(&items(study, 60));
        bench.enqueue(&items(&format!("{study}-other"), 5));
        let poison = format!("{study}-{place}");
        let mut starts = 0;
        loop {
            let deadly = poison.clone();
            natively(&bench, move |item| item.ids.instance == deadly);
            if !run(&bench) {
                break;
            }
            start(&mut bench);
            starts += 1;
            assert!(starts < 8, "{poison} kills it for ever");
        }
        assert!(starts >= 3, "{poison}: {starts} are not enough to blame it");
        let (item, attempts) = bench.item(&poison);
        assert_eq!(
            (item.state, item.class),
            (State::Failure, Some(Class::Internal))
        );
        assert_eq!(
            item.attempt_count, 0,
            "nobody knows whether it reached the destination"
        );
        assert_eq!(attempts.len(), 1);
        let said = "Orthanc ended 3 times while this was being prepared or sent";
        assert_eq!(item.details.as_deref(), Some(said));
        assert_eq!(bench.record().counts.get(State::Failure), 1, "it alone");
        assert_eq!(bench.record().counts.open(), 0);
        // A person may try again, and it kills once more, until it is taken out of the queue.
        let now = bench.clock.now();
        let replayed = bench.store.replay(item.id, None).unwrap();
        assert!(matches!(replayed, Moved::Done(_)));
        assert!(matches!(
            bench.store.cancel(item.id, now).unwrap(),
            Moved::Done(_)
        ));
    }
}

/// Nothing else has ever a result: the second end with the same item in hand sets it aside, the third is the last.
#[test]
fn after_the_second_end_it_goes_behind_all_others_and_after_the_third_not_at_all() {
    let mut bench = bench(|settings| settings.associations = 2);
    start(&mut bench);
    bench.enqueue(&items("s", 4));
    let deaths = natively(&bench, |item| item.ids.instance == "s-0");
    assert!(run(&bench));
    let first = start(&mut bench);
    assert_eq!(
        (first.released, first.set_aside.len(), first.failed.len()),
        (4, 0, 0)
    );
    natively(&bench, |item| item.ids.instance == "s-0");
    assert!(run(&bench));
    assert_eq!(bench.sent().last().unwrap(), &["s-0"], "by itself");
    let second = start(&mut bench);
    let aside: Vec<&str> = second
        .set_aside
        .iter()
        .map(|item| item.ids.instance.as_str())
        .collect();
    assert_eq!(
        aside,
        ["s-0"],
        "what was only read ahead beside it is blamed once"
    );
    assert!(second.failed.is_empty());
    natively(&bench, |item| item.ids.instance == "s-0");
    assert!(run(&bench));
    assert_eq!(bench.sent().last().unwrap(), &["s-0"], "behind all others");
    assert_eq!(bench.record().counts.get(State::Success), 3);
    let third = start(&mut bench);
    let failed: Vec<&str> = third
        .failed
        .iter()
        .map(|item| item.ids.instance.as_str())
        .collect();
    assert_eq!(failed, ["s-0"]);
    assert!(!run(&bench));
    assert_eq!(deaths.load(Ordering::SeqCst), 1, "of the first run");
    assert_eq!(
        bench.store.failure_totals().unwrap()[0].total,
        1,
        "counted, so that it is told"
    );
}

#[test]
fn a_clean_stop_blames_nobody() {
    let mut bench = bench(|_| ());
    start(&mut bench);
    bench.enqueue(&items("s", 2));
    for _ in 0..6 {
        natively(&bench, |item| item.ids.instance == "s-0");
        assert!(run(&bench));
        bench.store.stopped_well(bench.clock.now()).unwrap();
        let found = start(&mut bench);
        assert!(found.set_aside.is_empty() && found.failed.is_empty());
    }
}

/// One that does not answer at all: killed in the middle of it, again and again, but something arrives each time.
#[test]
fn others_that_arrive_prove_nothing_against_it_and_it_is_tried_alone() {
    let mut bench = bench(|settings| settings.associations = 2);
    start(&mut bench);
    for round in 0..12 {
        // Never at rest: each start delivers something before it ends.
        bench.enqueue(&[NewItem {
            priority: Priority::High,
            ..item(&format!("other{round}"), &format!("other{round}"))
        }]);
        if round == 0 {
            bench.enqueue(&items("s", 3));
        }
        natively(&bench, |item| item.ids.instance == "s-1");
        if !run(&bench) {
            break;
        }
        start(&mut bench);
    }
    assert_eq!(bench.item("s-1").0.state, State::Failure);
    assert_eq!(bench.record().counts.open(), 0);
    assert_eq!(bench.record().counts.get(State::Failure), 1);
}

/// Killed at random moments under load: nobody is to blame, and nobody is blamed.
#[test]
fn a_hundred_random_kills_send_nothing_to_the_error_queue() {
    let seed = std::env::var("SENDQUEUE_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bench = bench(|settings| settings.associations = 2);
    start(&mut bench);
    let mut made = 0;
    for kill in 0..100 {
        let count = random.usize(20..40);
        bench.enqueue(&items(&format!("k{kill}"), count));
        made += count as u64;
        let left = AtomicUsize::new(random.usize(0..40));
        natively(&bench, move |_| {
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_err()
        });
        if run(&bench) {
            start(&mut bench);
        }
    }
    natively(&bench, |_| false);
    assert!(!run(&bench));
    let counts = bench.record().counts;
    assert_eq!((counts.get(State::Failure), counts.open()), (0, 0));
    assert_eq!(counts.get(State::Success), made);
}
