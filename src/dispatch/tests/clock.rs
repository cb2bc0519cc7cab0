//! A machine's clock that is set: what waits goes by the time that passes.

use super::*;
use crate::clock::{Machine, QueueClock};
use crate::service::Service;

struct TestMachine(Arc<TestClock>);

impl Machine for TestMachine {
    fn wall(&self) -> Timestamp {
        self.0.ahead().wall(self.0.now())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

const DAY: i64 = 86_400;
const WEEK: f64 = 604_800.0;

impl Bench {
    /// A process that takes up the queue, with the clock of a real one.
    fn begin(&self) -> Promoter {
        let clock = QueueClock::of(
            TestMachine(self.clock.clone()),
            self.store.reading().unwrap(),
        );
        let settings = Current::new(settings(DestinationSettings::default()));
        let lanes = Arc::new(Lanes::new(settings, self.tools.clone()));
        Promoter::new(self.store.clone(), Arc::new(clock), lanes)
    }

    fn waits(&self, instance: &str, expires: f64) {
        let now = self.clock.now();
        self.enqueue(&[NewItem {
            expires: Some(now.plus_seconds(expires)),
            ..item(instance, instance)
        }]);
    }

    fn stop(&self, promoter: &Promoter) {
        promoter.stop();
        promoter.run();
    }
}

#[test]
fn a_clock_that_is_set_while_it_runs_moves_nothing() {
    for days in [8, -8, 10_000, -10_000] {
        let bench = bench(|_| ());
        let promoter = bench.begin();
        bench.waits("sent", WEEK);
        bench.work();
        bench.waits("waits", WEEK);
        bench.always(Outcome::of_status(0xA700, "busy"));
        bench.work();
        assert_eq!(bench.state("waits"), State::Retry);
        promoter.round().unwrap();
        bench.clock.set_by(days * DAY);
        promoter.round().unwrap();
        assert_eq!(promoter.timekeeper().jumps(), 1);
        assert_eq!(bench.state("waits"), State::Retry, "{days}");
        assert_eq!(bench.state("sent"), State::Success, "the history stays");
        bench.advance(29.0);
        promoter.round().unwrap();
        assert_eq!(bench.state("waits"), State::Retry, "{days}");
        bench.advance(1.0);
        promoter.round().unwrap();
        assert_eq!(bench.state("waits"), State::Pending, "its retry is due");
        bench.advance(WEEK - 32.0);
        promoter.round().unwrap();
        assert_eq!(bench.state("waits"), State::Pending, "{days}");
        bench.advance(2.0);
        promoter.round().unwrap();
        assert_eq!(bench.state("waits"), State::Failure, "it really waited");
    }
}

#[test]
fn a_stop_counts_as_time_that_passed() {
    let bench = bench(|_| ());
    let promoter = bench.begin();
    bench.waits("waits", 7200.0);
    promoter.round().unwrap();
    // Set while it ran: that is no part of the stop.
    bench.clock.set_by(8 * DAY);
    promoter.round().unwrap();
    bench.stop(&promoter);
    bench.advance(7100.0);
    let promoter = bench.begin();
    promoter.round().unwrap();
    assert_eq!(bench.state("waits"), State::Pending);
    bench.stop(&promoter);
    bench.advance(100.0);
    bench.begin().round().unwrap();
    assert_eq!(bench.state("waits"), State::Failure);
}

#[test]
fn what_expired_by_a_clock_that_was_wrong_at_the_start_waits_again() {
    let bench = bench(|_| ());
    let promoter = bench.begin();
    bench.waits("expires wrongly", 10_000.0);
    bench.waits("expires rightly", 1000.0);
    bench.waits("waits", 80_000.0);
    bench.stop(&promoter);
    // A stop of half an hour; the clock comes up 20 h ahead.
    bench.advance(1800.0);
    bench.clock.set_by(72_000);
    let promoter = bench.begin();
    promoter.round().unwrap();
    assert_eq!(bench.state("expires wrongly"), State::Failure);
    assert_eq!(bench.state("expires rightly"), State::Failure);
    bench.advance(60.0);
    bench.clock.set_by(-72_000);
    bench.store.fail("pardon", 1);
    assert!(promoter.round().is_err());
    promoter.round().unwrap();
    assert_eq!(bench.state("expires wrongly"), State::Pending);
    assert_eq!(bench.state("expires rightly"), State::Failure);
    assert_eq!(promoter.timekeeper().pardoned(), 1);
    bench.advance(8000.0);
    promoter.round().unwrap();
    assert_eq!(bench.state("expires wrongly"), State::Pending);
    bench.advance(200.0);
    promoter.round().unwrap();
    assert_eq!(
        bench.state("expires wrongly"),
        State::Failure,
        "it really waited"
    );
    bench.advance(69_000.0);
    promoter.round().unwrap();
    assert_eq!(
        bench.state("waits"),
        State::Pending,
        "it too has its whole time"
    );
    bench.advance(1000.0);
    promoter.round().unwrap();
    assert_eq!(bench.state("waits"), State::Failure);
}

#[test]
fn a_window_goes_by_the_machines_clock() {
    // BEGIN is 08:00 UTC.
    let window = crate::config::settings::Window {
        days: Vec::new(),
        from: 20 * 60,
        to: 21 * 60,
    };
    let bench = bench(|settings| settings.windows = vec![window]);
    bench.enqueue(&items("s", 1));
    let opens = bench.work().unwrap();
    assert_eq!(opens.since(bench.clock.now()).as_secs(), 12 * 3600);
    bench.clock.set_by(11 * 3600);
    let opens = bench.work().unwrap();
    assert_eq!(opens.since(bench.clock.now()).as_secs(), 3600);
    bench.clock.set_by(3600);
    bench.work();
    assert_eq!(bench.sent().len(), 1);
}
