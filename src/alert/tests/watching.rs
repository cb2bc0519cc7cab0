//! From counters to events.

use super::super::watch::{Event, Watch};
use super::*;
use crate::config::settings::Window;
use crate::item::Ahead;
use crate::store::{Counts, DestinationRecord};
use crate::verdict::Limits;

const LIMITS: Limits = Limits {
    items: 100,
    seconds: 600,
};

fn watch() -> Watch {
    Watch::new(LIMITS)
}

fn events(watch: &mut Watch, look: Look, seconds: i64) -> Vec<Event> {
    let events = watch.look(&[look], at(seconds));
    events.into_iter().map(|(_, event)| event).collect()
}

fn began(outages: u64, since: Option<i64>) -> Event {
    Event::Unreachable {
        outages,
        since: since.map(at),
    }
}

fn ended(outages: u64, since: Option<i64>) -> Event {
    Event::Back {
        outages,
        since: since.map(at),
    }
}

#[test]
fn an_outage_is_told_once_and_its_end_too() {
    let mut watch = watch();
    assert_eq!(events(&mut watch, ready(), 0), []);
    let begun = [began(1, Some(1))];
    assert_eq!(events(&mut watch, unreachable(1, 1), 1), begun);
    assert_eq!(events(&mut watch, unreachable(1, 1), 2), []);
    let back = Look {
        outages: 1,
        ..ready()
    };
    assert_eq!(events(&mut watch, back.clone(), 3), [ended(1, Some(1))]);
    assert_eq!(events(&mut watch, back, 4), []);
}

#[test]
fn what_happens_between_two_looks_shows_by_its_counter() {
    let mut watch = watch();
    let after = |outages| Look { outages, ..ready() };
    let both = [began(3, None), ended(3, None)];
    assert_eq!(events(&mut watch, after(3), 1), both);
    // Another outage than the one that was seen.
    let begun = [began(1, Some(2))];
    assert_eq!(events(&mut watch, unreachable(2, 4), 2), begun);
    let other = [began(1, Some(3)), ended(1, Some(2))];
    assert_eq!(events(&mut watch, unreachable(3, 5), 3), other);
    let over = [began(2, None), ended(3, Some(3))];
    assert_eq!(events(&mut watch, after(7), 4), over);
}

#[test]
fn what_was_before_the_start_is_not_told_but_what_lasts() {
    let mut watch = watch();
    let mut before = failed(&[(Class::Rejected, 7)]);
    before.outages = 9;
    watch.prime(&[before.clone()], at(0));
    assert_eq!(events(&mut watch, before, 1), []);
    let mut watch = super::watching::watch();
    watch.prime(&[unreachable(-500, 9)], at(0));
    let lasts = [began(1, Some(-500))];
    assert_eq!(events(&mut watch, unreachable(-500, 9), 1), lasts);
}

/// A person holds it, and knows: a restart is no news. That it is over is.
#[test]
fn what_lasts_of_a_paused_destination_is_not_told_again_after_a_start() {
    let held = Look {
        paused: true,
        open: 5000,
        oldest: Some(at(-50_000)),
        ..unreachable(-500, 9)
    };
    let mut watch = Watch::new(LIMITS);
    watch.prime(std::slice::from_ref(&held), at(0));
    assert_eq!(watch.look(std::slice::from_ref(&held), at(1)), []);
    // It is resumed: still no news.
    let resumed = Look {
        paused: false,
        ..held.clone()
    };
    assert_eq!(watch.look(&[resumed], at(2)), []);
    let over = watch.look(
        &[Look {
            outages: 9,
            ..ready()
        }],
        at(3),
    );
    let over: Vec<Event> = over.into_iter().map(|(_, event)| event).collect();
    assert_eq!(
        over,
        [
            Event::Back {
                outages: 1,
                since: Some(at(-500))
            },
            Event::BacklogOver { since: at(0) },
        ]
    );
    // One that nobody holds is told.
    let mut watch = Watch::new(LIMITS);
    let lasts = Look {
        paused: false,
        ..held
    };
    watch.prime(std::slice::from_ref(&lasts), at(0));
    assert_eq!(watch.look(&[lasts], at(1)).len(), 2);
}

#[test]
fn failures_are_counted_by_class_and_never_twice() {
    let mut watch = watch();
    let rejected = |count| Event::Failure {
        cause: (Class::Rejected, None),
        count,
    };
    assert_eq!(
        events(&mut watch, failed(&[(Class::Rejected, 2)]), 1),
        [rejected(2)]
    );
    let more = failed(&[(Class::Rejected, 5), (Class::Missing, 1)]);
    let missing = Event::Failure {
        cause: (Class::Missing, None),
        count: 1,
    };
    assert_eq!(events(&mut watch, more.clone(), 2), [rejected(3), missing]);
    assert_eq!(events(&mut watch, more, 3), []);
    // A counter that falls is a new beginning.
    assert_eq!(events(&mut watch, failed(&[(Class::Rejected, 1)]), 4), []);
    assert_eq!(
        events(&mut watch, failed(&[(Class::Rejected, 2)]), 5),
        [rejected(1)]
    );
}

fn waiting(open: u64, oldest: i64) -> Look {
    Look {
        open,
        oldest: Some(at(oldest)),
        ..ready()
    }
}

#[test]
fn a_backlog_begins_at_a_limit_and_is_over_at_half() {
    let mut watch = watch();
    assert_eq!(events(&mut watch, waiting(99, 0), 1), []);
    assert_eq!(
        events(&mut watch, waiting(100, 1), 2),
        [Event::BacklogBegun]
    );
    for (open, second) in [(200, 3), (99, 4), (50, 5), (100, 6)] {
        assert_eq!(events(&mut watch, waiting(open, 1), second), [], "{open}");
    }
    let over = [Event::BacklogOver { since: at(2) }];
    assert_eq!(events(&mut watch, waiting(49, 1), 7), over);
    assert_eq!(events(&mut watch, waiting(99, 1), 8), []);
    // By age.
    assert_eq!(events(&mut watch, waiting(1, 8), 607), []);
    assert_eq!(
        events(&mut watch, waiting(1, 8), 608),
        [Event::BacklogBegun]
    );
    assert_eq!(events(&mut watch, waiting(1, 608), 908), []);
    let over = [Event::BacklogOver { since: at(608) }];
    assert_eq!(events(&mut watch, waiting(1, 609), 908), over);
    // Both must be over.
    assert_eq!(
        events(&mut watch, waiting(100, 900), 910),
        [Event::BacklogBegun]
    );
    assert_eq!(events(&mut watch, waiting(1, 900), 1300), []);
    let over = [Event::BacklogOver { since: at(910) }];
    assert_eq!(events(&mut watch, ready(), 1301), over);
}

#[test]
fn waiting_for_a_window_is_no_backlog() {
    let mut watch = watch();
    // The window has been closed since long before it.
    let late_since = |late| Look {
        late: Some(at(late)),
        ..waiting(1, 0)
    };
    for second in [1, 700, 20_000] {
        assert_eq!(events(&mut watch, late_since(-9000), second), []);
    }
    // The window has opened: from here on it counts.
    assert_eq!(events(&mut watch, late_since(-1), 20_599), []);
    let begun = [Event::BacklogBegun];
    assert_eq!(events(&mut watch, late_since(20_000), 20_600), begun);
    // After a start too.
    let mut watch = super::watching::watch();
    watch.prime(&[late_since(-9000)], at(0));
    assert_eq!(events(&mut watch, late_since(-9000), 20_010), []);
    assert_eq!(events(&mut watch, late_since(20_000), 20_600), begun);
}

#[test]
fn zero_is_no_limit() {
    let mut watch = Watch::new(Limits {
        items: 0,
        seconds: 0,
    });
    assert_eq!(events(&mut watch, waiting(u64::MAX, 0), 1_000_000), []);
}

/// Random counters: what is told adds up to them.
#[test]
fn events_add_up() {
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..200 {
        let mut watch = watch();
        let (mut outages, mut since, mut failures) = (0, None, 0);
        let (mut told_begun, mut told_ended, mut told_failures) = (0, 0, 0);
        for second in 1..60 {
            for _ in 0..random.u32(0..3) {
                // Ends one that lasts, begins another one.
                outages += 1;
                since = Some(second);
            }
            if random.bool() {
                since = None;
            }
            failures += random.u64(0..3);
            let look = Look {
                unreachable_since: since.map(at),
                outages,
                ..failed(&[(Class::Busy, failures)])
            };
            for event in events(&mut watch, look, second) {
                match event {
                    Event::Unreachable { outages, .. } => told_begun += outages,
                    Event::Back { outages, .. } => told_ended += outages,
                    Event::Failure { count, .. } => told_failures += count,
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!((told_begun, told_failures), (outages, failures));
            assert_eq!(told_ended + u64::from(since.is_some()), told_begun);
        }
    }
}

/// Before anything was restored, the schedule is known all the same.
#[test]
fn a_destination_without_a_lane_has_its_windows() {
    let record = DestinationRecord {
        name: "pacs".to_owned(),
        paused_since: None,
        counts: Counts::default(),
        bytes_pending: 0,
        oldest_pending: Some(at(-10_000)),
        last_success: None,
        last_error: None,
        outage: None,
        outages: 0,
        confirming: Default::default(),
    };
    let night = [Window {
        days: Vec::new(),
        from: 180,
        to: 240,
    }];
    let look = |windows: &[Window], seconds| {
        let look = Look::new(
            &record,
            None,
            windows,
            5400,
            at(seconds),
            Ahead::default(),
            &jiff::tz::TimeZone::UTC,
        );
        (look.outside_window, look.late)
    };
    const HOUR: i64 = 3600;
    assert_eq!(look(&[], 0), (false, None));
    // An hour and a half, of windows of an hour.
    let late = at(3 * HOUR - 48 * HOUR + 1800);
    assert_eq!(look(&night, 0), (true, Some(late)));
    let late = at(3 * HOUR - 24 * HOUR);
    assert_eq!(look(&night, 3 * HOUR + 1800), (false, Some(late)));
}

#[test]
fn what_is_not_confirmed_is_told_as_it_comes() {
    let mut watch = watch();
    let look = |not_confirmed| Look {
        not_confirmed,
        ..ready()
    };
    watch.prime(&[look(3)], at(0));
    assert_eq!(events(&mut watch, look(3), 1), []);
    let told = [Event::NotConfirmed { count: 4 }];
    assert_eq!(events(&mut watch, look(7), 2), told);
    assert_eq!(events(&mut watch, look(7), 3), []);
}
