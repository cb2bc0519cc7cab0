//! Start, panic, pause, stop, join.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::*;

/// Tells each run; does what it was told, and then waits for its stop.
struct Worker {
    told: Mutex<Sender<u32>>,
    runs: AtomicU32,
    /// So many runs panic.
    panics: u32,
    /// It does not wait.
    comes_back: bool,
    may_end: bool,
    bell: Bell,
    stops: AtomicU32,
}

impl Worker {
    fn new(panics: u32) -> (Worker, Receiver<u32>) {
        let (told, runs) = channel();
        let worker = Worker {
            told: Mutex::new(told),
            runs: AtomicU32::new(0),
            panics,
            comes_back: false,
            may_end: false,
            bell: Bell::default(),
            stops: AtomicU32::new(0),
        };
        (worker, runs)
    }
}

impl Service for Worker {
    fn run(&self) {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let _ = self.told.lock().send(run);
        assert!(run > self.panics, "run {run} panics");
        if !self.comes_back {
            self.bell.wait(Duration::from_secs(3600));
        }
    }

    fn stop(&self) {
        self.stops.fetch_add(1, Ordering::SeqCst);
        self.bell.stop();
    }

    fn may_end(&self) -> bool {
        self.may_end
    }
}

/// Waits until the only service is so.
fn until(services: &Services, is: impl Fn(&Record) -> bool) -> Record {
    loop {
        let records = services.records();
        if is(&records[0]) {
            return records[0].clone();
        }
        std::thread::yield_now();
    }
}

#[test]
fn one_that_panics_is_run_anew_and_remembered() {
    let services = Services::for_tests();
    let (worker, runs) = Worker::new(3);
    assert!(services.start("sq-test", Arc::new(worker)));
    assert_eq!(runs.iter().take(4).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let record = until(&services, |record| record.state == Condition::Running);
    assert_eq!(
        (record.name, record.panics, record.is_down),
        ("sq-test", 3, false)
    );
    assert!(record.last.is_some());
    services.stop();
    services.join();
    assert_eq!(runs.iter().count(), 0, "nothing runs after a stop");
}

#[test]
fn a_stop_ends_the_pause_after_a_panic() {
    let services = Services::for_tests();
    let (worker, runs) = Worker::new(u32::MAX);
    services.start("sq-test", Arc::new(worker));
    assert_eq!(runs.recv(), Ok(1));
    let record = until(&services, |record| record.state == Condition::Restarting);
    assert!(record.is_down && record.panics > 0);
    // The longest pauses are far longer than a test may take.
    until(&services, |record| record.panics >= 3);
    services.stop();
    services.join();
    assert!(services.records()[0].panics < 20);
}

#[test]
fn stop_and_join_may_come_in_any_number_and_without_a_start() {
    let services = Services::for_tests();
    services.stop();
    services.join();
    services.join();
    assert!(!services.begin() && !services.is_up());
    let (worker, runs) = Worker::new(0);
    assert!(
        !services.start("sq-test", Arc::new(worker)),
        "nobody would join it"
    );
    assert_eq!(runs.iter().count(), 0);
}

#[test]
fn what_is_started_during_a_stop_is_stopped_too() {
    let services = Services::for_tests();
    assert!(services.begin() && !services.begin() && services.is_up());
    services.stop();
    services.stop();
    assert!(!services.is_up());
    let worker = Arc::new(Worker::new(0).0);
    assert!(services.start("sq-test", worker.clone()));
    services.join();
    assert_eq!(worker.stops.load(Ordering::SeqCst), 1);
}

#[test]
fn the_last_one_is_stopped_first() {
    struct Named(u32, Arc<Mutex<Vec<u32>>>, Bell);
    impl Service for Named {
        fn run(&self) {
            self.2.wait(Duration::from_secs(3600));
        }
        fn stop(&self) {
            self.1.lock().push(self.0);
            self.2.stop();
            assert!(self.0 != 2, "the others are stopped all the same");
        }
    }
    let services = Services::for_tests();
    let order: Arc<Mutex<Vec<u32>>> = Arc::default();
    for number in 1..=3 {
        services.start(
            "sq-test",
            Arc::new(Named(number, order.clone(), Bell::default())),
        );
    }
    services.stop();
    services.join();
    assert_eq!(*order.lock(), [3, 2, 1]);
}

#[test]
fn those_that_may_end_come_and_go() {
    let services = Services::for_tests();
    for number in 1..=100 {
        let (mut worker, runs) = Worker::new(u32::from(number == 50));
        (worker.comes_back, worker.may_end) = (true, true);
        services.start("sq-test", Arc::new(worker));
        assert_eq!(runs.recv(), Ok(1));
        until(&services, |record| record.state == Condition::Stopped);
    }
    let record = until(&services, |_| true);
    assert_eq!((record.panics, record.is_down), (1, false));
    assert_eq!(services.alive("sq-test"), 0);
    assert!(
        services.list.lock().threads.len() <= 2,
        "those that are over are joined"
    );
    services.stop();
    services.join();
}

#[test]
fn one_that_ends_unasked_is_run_anew_and_one_that_is_down_is_what_counts() {
    let services = Services::for_tests();
    let (mut worker, runs) = Worker::new(0);
    worker.comes_back = true;
    let (good, _runs) = Worker::new(0);
    services.start("sq-test", Arc::new(good));
    services.start("sq-test", Arc::new(worker));
    assert_eq!(runs.iter().take(2).collect::<Vec<_>>(), [1, 2]);
    let record = until(&services, |record| record.is_down);
    assert_eq!(record.state, Condition::Restarting);
    assert_eq!(services.alive("sq-test"), 2);
    services.stop();
    services.join();
}

#[test]
fn a_thread_is_named() {
    let named: Arc<AtomicBool> = Arc::default();
    let record = named.clone();
    let services = Services::new(
        Arc::new(crate::item::SystemClock),
        Box::new(move |name| record.store(name == "sq-test", Ordering::SeqCst)),
    );
    services.start("sq-test", Arc::new(Worker::new(0).0));
    services.stop();
    services.join();
    assert!(named.load(Ordering::SeqCst));
}
