use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

/// 2026-11-20T00:00:00Z.
const BEGIN: i64 = 1_795_132_800_000_000;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// What its clock says, and what has elapsed.
#[derive(Default)]
struct Computer {
    wall: AtomicI64,
    elapsed: AtomicI64,
}

impl Machine for &Computer {
    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(BEGIN + self.wall.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        span(self.elapsed.load(Ordering::SeqCst))
    }
}

impl Computer {
    fn pass(&self, micros: i64) {
        self.set(micros);
        self.elapsed.fetch_add(micros, Ordering::SeqCst);
    }

    fn set(&self, micros: i64) {
        self.wall.fetch_add(micros, Ordering::SeqCst);
    }

    /// A start, with another beginning of what has elapsed.
    fn boot(&self) {
        self.elapsed.store(7 * SECOND, Ordering::SeqCst);
    }
}

fn since_begin(clock: &impl Clock) -> i64 {
    clock.now().micros() - BEGIN
}

#[test]
fn an_honest_clock_and_ours_agree_to_the_microsecond() {
    let machine = Computer::default();
    let mut last = None;
    let mut expected = 0;
    for stop in [0, 1, 17 * SECOND, 23 * HOUR, 24 * HOUR] {
        machine.pass(stop);
        machine.boot();
        let clock = QueueClock::of(&machine, last);
        machine.pass(3 * DAY + 1);
        expected += stop + 3 * DAY + 1;
        assert_eq!(clock.look(), None);
        assert_eq!(since_begin(&clock), expected);
        assert_eq!(clock.ahead(), Ahead::default());
        assert_eq!(clock.warning(), None);
        last = clock.reading();
    }
}

#[test]
fn a_jump_is_seen_once_and_moves_no_time() {
    for by in [8 * DAY, -8 * DAY, 30 * SECOND] {
        let machine = Computer::default();
        let clock = QueueClock::of(&machine, None);
        machine.pass(HOUR);
        machine.set(by);
        let jump = clock.look().unwrap();
        assert_eq!((jump.by, jump.over), (by, Duration::ZERO));
        assert_eq!(clock.look(), None);
        assert_eq!(since_begin(&clock), HOUR);
        assert_eq!(clock.ahead().micros(), by);
        assert!(clock.warning().unwrap().details.contains("was set"));
        machine.pass(DAY + SECOND);
        assert_eq!(clock.look(), None);
        assert_eq!(clock.warning(), None, "for a day");
        // Over a restart.
        let last = clock.reading();
        machine.pass(60 * SECOND);
        machine.boot();
        let clock = QueueClock::of(&machine, last);
        assert_eq!(since_begin(&clock), HOUR + DAY + 61 * SECOND);
        assert_eq!(clock.ahead().micros(), by);
    }
}

#[test]
fn small_steps_are_followed_without_a_word() {
    let machine = Computer::default();
    let clock = QueueClock::of(&machine, None);
    for _ in 0..10 {
        machine.pass(HOUR);
        machine.set(3 * SECOND);
        assert_eq!(clock.look(), None);
    }
    assert_eq!(since_begin(&clock), 10 * HOUR);
    assert_eq!(clock.ahead().micros(), 30 * SECOND);
    machine.set(LOOSE);
    assert_eq!(clock.look(), None);
    assert_eq!(
        clock.ahead().micros(),
        30 * SECOND,
        "what is shown stands still"
    );
}

#[test]
fn of_a_long_stop_a_day_counts_until_orthanc_agrees() {
    let machine = Computer::default();
    let last = QueueClock::of(&machine, None).reading();
    machine.pass(3 * DAY);
    machine.boot();
    let clock = QueueClock::of(&machine, last);
    assert_eq!(since_begin(&clock), DAY);
    assert_eq!(clock.ahead().micros(), 2 * DAY);
    assert!(clock.warning().is_some());
    machine.pass(HOUR);
    assert_eq!(clock.doubted(), span(2 * DAY));
    let date = |ago: i64| Timestamp::from_micros(BEGIN + 3 * DAY + HOUR - ago);
    assert_eq!(
        clock.dated(date(HOUR)),
        None,
        "not what was received before"
    );
    assert_eq!(clock.dated(date(-HOUR)), None);
    assert_eq!(since_begin(&clock), DAY + HOUR);
    assert_eq!(clock.dated(date(2 * SECOND)), Some(span(2 * DAY)));
    assert_eq!(since_begin(&clock), 3 * DAY + HOUR);
    assert_eq!(clock.ahead(), Ahead::default());
    assert_eq!((clock.look(), clock.warning()), (None, None));
    assert_eq!(clock.dated(date(SECOND)), None, "once");
    assert_eq!(clock.doubted(), Duration::ZERO);
    assert_eq!(clock.uncertain(), span(3 * DAY));
    machine.pass(DAY);
    clock.look();
    assert_eq!(clock.uncertain(), Duration::ZERO);
}

#[test]
fn a_dead_battery_counts_nothing() {
    let machine = Computer::default();
    let last = QueueClock::of(&machine, None).reading();
    machine.pass(HOUR);
    machine.set(-20_000 * DAY);
    machine.boot();
    let clock = QueueClock::of(&machine, last);
    assert_eq!(since_begin(&clock), 0);
    assert!(clock.warning().is_some());
    machine.pass(60 * SECOND);
    machine.set(20_000 * DAY);
    let jump = clock.look().unwrap();
    assert_eq!((jump.by, jump.over), (20_000 * DAY, Duration::ZERO));
    assert_eq!(since_begin(&clock), 60 * SECOND);
}

#[test]
fn what_was_counted_by_a_wrong_clock_is_told() {
    // By how much the clock is wrong at the start, how long the stop was, whether Orthanc received something by it,
    // what was counted too much, and what of the rest goes if the clock is set back by another hour.
    for (wrong, stop, received, over, rest) in [
        (20 * HOUR, HOUR, false, 20 * HOUR, HOUR),
        (8 * DAY, HOUR, false, 23 * HOUR, HOUR),
        (8 * DAY, HOUR, true, 8 * DAY, HOUR),
        (8 * DAY, 3 * DAY, false, 0, 0),
        (HOUR, 0, false, HOUR, 0),
    ] {
        let machine = Computer::default();
        let last = QueueClock::of(&machine, None).reading();
        machine.pass(stop);
        machine.set(wrong);
        machine.boot();
        let clock = QueueClock::of(&machine, last);
        if received {
            clock.dated((&&machine).wall());
        }
        let before = since_begin(&clock);
        machine.pass(HOUR);
        machine.set(-wrong);
        let jump = clock.look().unwrap();
        assert_eq!(jump.over, span(over), "{wrong} {stop} {received}");
        assert_eq!(since_begin(&clock), before + HOUR, "never back");
        machine.set(-HOUR);
        assert_eq!(clock.look().unwrap().over, span(rest));
    }
}

#[test]
fn after_a_day_a_clock_that_is_set_back_was_right_before() {
    let machine = Computer::default();
    let last = QueueClock::of(&machine, None).reading();
    machine.pass(HOUR);
    machine.boot();
    let clock = QueueClock::of(&machine, last);
    machine.pass(DAY + SECOND);
    clock.look();
    machine.set(-HOUR);
    assert_eq!(clock.look().unwrap().over, Duration::ZERO);
}

/// The two readings of one moment are made one after the other, and others may run between.
#[test]
fn a_busy_machine_does_not_look_as_if_its_clock_was_set() {
    struct Busy(std::sync::Mutex<(i64, u32)>);
    impl Machine for Busy {
        fn wall(&self) -> Timestamp {
            let mut state = self.0.lock().unwrap();
            let wall = Timestamp::from_micros(BEGIN + state.0);
            if state.1 > 0 {
                state.1 -= 1;
                state.0 += 60 * SECOND;
            }
            wall
        }

        fn elapsed(&self) -> Duration {
            span(self.0.lock().unwrap().0)
        }
    }
    let clock = QueueClock::of(Busy((0, 0).into()), None);
    clock.machine.0.lock().unwrap().1 = 4;
    assert_eq!(clock.look(), None);
    assert_eq!(clock.ahead(), Ahead::default());
}

#[test]
fn this_machine_goes_on() {
    let clock = QueueClock::begin(None);
    let before = clock.now();
    let far = SystemClock.now().micros() - before.micros();
    assert!(far.abs() < 60 * SECOND, "{far}");
    assert!(clock.now() >= before);
}

#[test]
fn lengths_of_time_for_people() {
    for (seconds, text) in [
        (30, "30 s"),
        (600, "10 min"),
        (10_000, "2 h"),
        (700_000, "8 days"),
    ] {
        assert_eq!(readable(Duration::from_secs(seconds)), text);
    }
}
