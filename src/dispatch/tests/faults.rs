//! Faults of our own machinery: the store's, and panics.

use super::*;
use crate::dispatch::takeup::{self, TakeUp};
use crate::item::Announcement;
use crate::service::{Condition, Service};

/// A store whose calls fail on request.
pub struct Faulty {
    inner: SqliteStore,
    /// The call, and how often it still fails.
    failing: Mutex<Option<(&'static str, u32)>>,
    /// What happens once, before a call.
    meanwhile: Mutex<Option<(&'static str, Meanwhile)>>,
}

type Meanwhile = Box<dyn FnOnce() + Send>;

impl Faulty {
    pub fn new(inner: SqliteStore) -> Faulty {
        Faulty {
            inner,
            failing: Mutex::new(None),
            meanwhile: Mutex::default(),
        }
    }

    pub fn fail(&self, call: &'static str, times: u32) {
        *self.failing.lock().unwrap() = Some((call, times));
    }

    pub fn meanwhile(&self, call: &'static str, what: impl FnOnce() + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some((call, Box::new(what)));
    }

    fn before(&self, call: &str) -> Result<()> {
        let mut meanwhile = self.meanwhile.lock().unwrap();
        if let Some((_, what)) = meanwhile.take_if(|(of, _)| *of == call) {
            what();
        }
        drop(meanwhile);
        match &mut *self.failing.lock().unwrap() {
            Some((failing, left)) if *failing == call && *left > 0 => {
                *left -= 1;
                Err(StoreError::Full("no space".into()))
            }
            _ => Ok(()),
        }
    }
}

pass_on!(Journal for Faulty);
pass_on!(Studies for Faulty);
pass_on!(Deliveries for Faulty);
pass_on!(Retention for Faulty);
pass_on!(Outbox for Faulty);
pass_on!(Chronicle for Faulty);
pass_on!(Sources for Faulty);
pass_on!(Decisions for Faulty);
pass_on!(Outputs for Faulty);
pass_on!(Subjects for Faulty);
pass_on!(Claims for Faulty);
pass_on!(Confirmations for Faulty);
pass_on!(Protections for Faulty);
pass_on!(Desk for Faulty);
pass_on!(Book for Faulty);
pass_on!(Upkeep for Faulty);

#[test]
fn what_an_acknowledged_instance_became_is_written_later_and_not_sent_again() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 3));
    bench.store.fail("finish", 2);
    bench.work();
    assert_eq!(bench.sent().len(), 1, "{:?}", bench.sent());
    for at in 0..3 {
        let (item, attempts) = bench.item(&format!("s-{at}"));
        assert_eq!((item.state, attempts.len()), (State::Success, 1));
    }
}

#[test]
fn a_pause_that_comes_while_items_are_claimed_holds_them() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 2));
    let lane = bench.lane.clone();
    bench
        .store
        .meanwhile("claim_of", move || lane.set_paused(true));
    bench.work();
    assert!(bench.sent().is_empty());
    assert_eq!(bench.record().counts.get(State::Pending), 2);
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(bench.record().counts.get(State::Success), 2);
}

#[test]
fn a_store_that_cannot_claim_stops_nothing_for_good() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 2));
    for call in ["claim_of", "is_ready"] {
        bench.store.fail(call, 1);
        assert_eq!(worker::step(&bench.lane, 0), Step::Fault);
    }
    assert!(bench.sent().is_empty());
    bench.work();
    assert_eq!(bench.item("s-1").0.state, State::Success);
}

/// One instance at which our own code fails each time: it gets its attempts, and waits for a person; the others arrive.
#[test]
fn a_panic_over_an_instance_is_an_attempt_of_it() {
    let bench = bench(|settings| settings.retry.max_attempts = 2);
    bench.enqueue(&items("s", 5));
    bench.on_deliver(|batch| {
        let bad = batch
            .items
            .iter()
            .position(|item| item.ids.instance == "s-2");
        for at in 0..bad.unwrap_or(batch.items.len()) {
            (batch.told)(at, &success());
        }
        assert!(bad.is_none(), "the test's own");
        Delivery(vec![success(); batch.items.len()])
    });
    while bench.state("s-2") != State::Failure {
        bench.next();
    }
    assert_eq!(bench.classes("s-2"), [Class::Internal, Class::Internal]);
    for at in [0, 1, 3, 4] {
        assert_eq!(bench.item(&format!("s-{at}")).0.attempt_count, 1);
        assert_eq!(bench.state(&format!("s-{at}")), State::Success);
    }
}

/// One elsewhere releases what was claimed, and is looked after by [`Services`].
#[test]
fn the_thread_itself_survives_a_panic_and_ends_at_a_stop() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 3));
    bench.lane.open();
    let (tell, told) = std::sync::mpsc::channel();
    bench.on_admit(move || {
        tell.send(()).unwrap();
        panic!("the test's own");
    });
    bench.lane.poke();
    told.recv().unwrap();
    while bench.state("s-2") != State::Success {
        std::thread::yield_now();
    }
    let services = &bench.tools.services;
    while services.records()[0].panics != 1 {
        std::thread::yield_now();
    }
    bench.lane.stop();
    services.stop();
    services.join();
    assert_eq!(services.alive(worker::NAME), 0);
}

/// Its number is its own as long as it is to come back: else two would have the same group in hand, and threads would
/// pile up.
#[test]
fn nobody_takes_the_place_of_one_that_panicked() {
    let bench = bench(|settings| settings.associations = 1);
    bench.lane.open();
    let services = &bench.tools.services;
    let record = || services.records().pop();
    let panics = || record().map_or(0, |record| record.panics);
    // In the pause after so many.
    let pauses = |after: u64| {
        record().is_some_and(|one| one.panics == after && one.state == Condition::Restarting)
    };
    let mut looked = 0;
    for round in 1..=5 {
        let before = panics();
        bench.on_admit(|| panic!("the test's own"));
        bench.enqueue(&items(&format!("s{round}"), 1));
        while panics() == before {
            std::thread::yield_now();
        }
        let after = panics();
        while pauses(after) {
            bench.lane.poke();
            let alive = services.alive(worker::NAME);
            if pauses(after) {
                assert_eq!(alive, 1);
                looked += 1;
            }
        }
    }
    assert!(looked > 0);
    bench.lane.stop();
    services.stop();
    services.join();
}

#[test]
fn cut_by_our_own_stop_no_attempt_is_counted() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 4));
    let lane = bench.lane.clone();
    bench.on_deliver(move |batch| {
        lane.stop();
        up_to(batch, |item| {
            (item.ids.instance == "s-2").then(|| Outcome::new(Class::Interrupted, "cut"))
        })
    });
    assert_eq!(worker::step(&bench.lane, 0), Step::Worked);
    assert_eq!(worker::step(&bench.lane, 0), Step::Stopped);
    assert_eq!(bench.item("s-1").0.state, State::Success);
    for at in [2, 3] {
        let (item, attempts) = bench.item(&format!("s-{at}"));
        assert_eq!(item.state, State::Pending);
        assert_eq!((item.attempt_count, attempts.len()), (0, 0));
    }
}

/// Orthanc stopped before it told: the items stay `Running`, so that the next start ends the job that Orthanc takes up
/// again before it releases them.
#[test]
fn what_is_not_known_at_a_stop_stays_running() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 3));
    let lane = bench.lane.clone();
    bench.on_deliver(move |_| {
        lane.stop();
        Delivery(vec![success(), Tried::Unknown, Tried::NotYet])
    });
    assert_eq!(worker::step(&bench.lane, 0), Step::Worked);
    let states: Vec<State> = (0..3)
        .map(|at| bench.item(&format!("s-{at}")).0.state)
        .collect();
    assert_eq!(states, [State::Success, State::Running, State::Pending]);
}

#[test]
fn cancelled_while_it_is_sent_it_stays_cancelled() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 2));
    let store = bench.store.clone();
    let id = bench.item("s-0").0.id;
    let now = bench.clock.now();
    bench.on_deliver(move |batch| {
        assert!(matches!(store.cancel(id, now).unwrap(), Moved::Done(_)));
        up_to(batch, |_| None)
    });
    bench.work();
    assert_eq!(bench.item("s-0").0.state, State::Cancelled);
    assert_eq!(bench.item("s-1").0.state, State::Success);
}

#[test]
fn a_panic_in_a_probe_is_a_failed_probe() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 1));
    bench.on_probe(silent);
    bench.work();
    bench.on_probe(|| panic!("the test's own"));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.next()));
    assert!(caught.is_err());
    bench.script.probe.clear_poison();
    bench.on_probe(|| Probe::Answered(Duration::ZERO));
    bench.next();
    assert_eq!(bench.item("s-0").0.state, State::Success);
}

/// Cut by our own stop, a probe says nothing of the destination.
#[test]
fn a_probe_cut_by_a_stop_leaves_no_trace() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 1));
    let lane = bench.lane.clone();
    bench.on_probe(move || {
        lane.stop();
        silent()
    });
    assert_eq!(worker::step(&bench.lane, 0), Step::Worked);
    assert_eq!(bench.record().last_error, None);
}

/// What is running then is under way.
#[test]
fn taking_up_a_second_time_releases_nothing() {
    let bench = bench(|_| ());
    let takeup = TakeUp::new(takeup::Parts {
        store: bench.store.clone(),
        settings: bench.settings.clone(),
        directory: bench.tools.directory.clone(),
        lanes: Arc::new(Lanes::new(bench.settings.clone(), bench.tools.clone())),
        clock: bench.clock.clone(),
    });
    bench.enqueue(&[NewItem {
        destination: "elsewhere".into(),
        ..item("s", "s-0")
    }]);
    let claim = || {
        let claim = bench.store.claim("elsewhere", Pick::MostUrgent, 1);
        assert!(claim.unwrap().is_some());
    };
    claim();
    takeup.run();
    assert_eq!(bench.state("s-0"), State::Pending);
    claim();
    takeup.run();
    assert_eq!(bench.state("s-0"), State::Running);
}
