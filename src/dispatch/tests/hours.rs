//! Each hour's figures, through faults and sudden ends.

use super::*;
use crate::dispatch::hours::HourBook;

const HOUR: f64 = 3600.0;

/// Hour after the beginning, sent, bytes, failed.
fn written(bench: &Bench) -> Vec<(i64, u64, u64, u64)> {
    let from = Timestamp::from_micros(BEGIN);
    let hours = bench.store.hours(from, from.plus_seconds(1e6)).unwrap();
    let begin = BEGIN / 3_600_000_000;
    hours
        .into_iter()
        .map(|one| (one.hour - begin, one.sent, one.bytes, one.failed))
        .collect()
}

/// What who looks is shown.
fn shown(bench: &Bench) -> u64 {
    let from = Timestamp::from_micros(BEGIN);
    let until = bench.clock.now().plus_seconds(1.0);
    let hour_book = bench.promoter.hour_book();
    let hours = hour_book.hours(&*bench.store, bench.promoter.lanes(), from, until);
    hours.unwrap().iter().map(|one| one.sent).sum()
}

fn send(bench: &Bench, study: &str, count: usize) {
    bench.enqueue(&items(study, count));
    bench.work();
}

/// A minute goes by.
fn minute(bench: &Bench) {
    bench.advance(60.0);
    bench.promoter.round().unwrap();
}

#[test]
fn each_hour_has_its_own_and_pruning_takes_nothing_away() {
    let bench = bench(|_| ());
    bench.promoter.round().unwrap();
    send(&bench, "a", 3);
    assert_eq!(written(&bench), [], "nothing is written for a delivery");
    assert_eq!(shown(&bench), 3, "who looks sees it at once");
    minute(&bench);
    assert_eq!(written(&bench), [(0, 3, 30, 0)]);
    bench.advance(HOUR);
    send(&bench, "b", 2);
    bench.always(Outcome::of_status(0xC000, "no"));
    send(&bench, "c", 4);
    minute(&bench);
    let expected = [(0, 3, 30, 0), (1, 2, 20, 4)];
    assert_eq!(written(&bench), expected);
    minute(&bench);
    assert_eq!(written(&bench), expected, "once");
    bench
        .store
        .prune(bench.clock.now().plus_seconds(1.0), 1000)
        .unwrap();
    let filter = Filter {
        destination: Some("pacs".into()),
        ..Filter::default()
    };
    let purge = Sweep {
        operation: &Operation::Remove,
        among: Among::Failures,
        filter: &filter,
        now: bench.clock.now(),
        expires: &|_| None,
        dry_run: false,
        at_most: None,
        goes_on: &|| true,
    };
    assert_eq!(bench.store.operate(&purge).unwrap().done, 4);
    minute(&bench);
    assert_eq!(written(&bench), expected);
    assert_eq!(shown(&bench), 5);
}

#[test]
fn what_cannot_be_written_is_later() {
    let bench = bench(|_| ());
    bench.promoter.round().unwrap();
    send(&bench, "a", 3);
    bench.store.fail("count_hours", 2);
    minute(&bench);
    send(&bench, "b", 2);
    bench.promoter.round().unwrap();
    assert_eq!(written(&bench), []);
    assert_eq!(shown(&bench), 5);
    bench.promoter.round().unwrap();
    assert_eq!(written(&bench), [(0, 5, 50, 0)]);
}

/// The next process makes it up from what came to rest, once, and does not count again what was written.
#[test]
fn a_sudden_end_loses_nothing() {
    let mut bench = bench(|_| ());
    bench.promoter.round().unwrap();
    send(&bench, "a", 3);
    minute(&bench);
    bench.advance(1.0);
    send(&bench, "b", 2);
    bench.advance(1.0);
    for round in 0..3 {
        bench.restart();
        let lanes = bench.promoter.lanes();
        let hour_book = HourBook::new(bench.clock.now());
        bench.store.fail("at_rest", u32::from(round == 0));
        let look = || hour_book.look(&*bench.clock, &*bench.store, lanes);
        // The old process' lanes are gone with what they had in memory.
        drop(lanes.take_hours());
        if round == 0 {
            assert!(look().is_err());
        }
        look().unwrap();
        assert_eq!(written(&bench), [(0, 5, 50, 0)], "start {round}");
        bench.advance(1.0);
    }
}

/// What a lane had sent that is no longer configured counts, also what ends after that.
#[test]
fn a_lane_that_is_gone_leaves_its_figures() {
    let bench = bench(|_| ());
    bench.promoter.round().unwrap();
    send(&bench, "a", 3);
    let lanes = bench.promoter.lanes();
    assert!(lanes.close("pacs"));
    bench.enqueue(&items("b", 1));
    minute(&bench);
    assert_eq!(written(&bench), [(0, 3, 30, 0)]);
}

#[test]
fn old_entries_and_hours_go() {
    let bench = bench(|_| ());
    let note = |event| {
        let entry = Entry::new(event, bench.clock.now());
        bench.store.note(&entry).unwrap();
    };
    bench.promoter.round().unwrap();
    note(crate::item::Event::Reloaded);
    send(&bench, "a", 1);
    minute(&bench);
    bench.advance(6.0 * 86_400.0);
    note(crate::item::Event::Reloaded);
    minute(&bench);
    assert_eq!(written(&bench).len(), 1);
    bench.advance(2.0 * 86_400.0);
    minute(&bench);
    assert_eq!(written(&bench), []);
    let always = Period {
        from: Timestamp::from_micros(0),
        until: bench.clock.now(),
        destination: None,
        event: None,
    };
    assert_eq!(bench.store.entries(&always, 0, 10).unwrap().len(), 1);
}
