//! What a lane counts, for metrics and charts.

use super::*;
use crate::dispatch::figures::DELIVERY_SECONDS;
use crate::dispatch::history::{MINUTES, Minute};
use crate::item::RetryPolicy;

fn minute(instances: u64, bytes: u64, failed: u64) -> Minute {
    Minute {
        instances,
        bytes,
        failed,
    }
}

/// The bucket of deliveries that take so many seconds each.
fn bucket(seconds: f64) -> usize {
    DELIVERY_SECONDS.partition_point(|bound| *bound < seconds)
}

fn lasting(outcome: Outcome, millis: u64) -> Tried {
    Tried::Made {
        outcome,
        sent_as: None,
        altered: Some(false),
        series: None,
        started: Timestamp::from_micros(BEGIN),
        duration: Duration::from_millis(millis),
    }
}

#[test]
fn each_result_is_counted_once_in_its_minute() {
    let bench = bench(|settings| {
        settings.retry = RetryPolicy {
            max_attempts: 2,
            delay: 30.0,
            multiplier: 1.0,
            ..RetryPolicy::default()
        };
    });
    bench.enqueue(&items("a", 3));
    bench.on_deliver(|batch| {
        up_to(batch, |item| match item.ids.instance.as_str() {
            "a-1" => Some(Outcome::of_status(0xA700, "full")),
            "a-2" => Some(Outcome::of_status(0xC000, "no")),
            _ => None,
        })
    });
    bench.work();
    bench.advance(120.0);
    bench.promoter.round().unwrap();
    bench.work();

    assert_eq!(bench.state("a-1"), State::Failure);
    let figures = bench.lane.figures();
    assert_eq!((figures.sent, figures.sent_bytes), (1, 10));
    assert_eq!(figures.retries, 1);
    let attempts: Vec<(Class, u64)> = Class::ALL
        .into_iter()
        .map(|class| (class, figures.attempts(class)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let expected = [(Class::Success, 1), (Class::Busy, 2), (Class::Rejected, 1)];
    assert_eq!(attempts, expected);
    assert_eq!(figures.delivery.buckets()[bucket(0.005)], 1);

    // Refused at once, and given up two minutes later.
    let history = bench.lane.history(bench.clock.now());
    let newest = [minute(1, 10, 1), minute(0, 0, 0), minute(0, 0, 1)];
    assert_eq!(history.minutes[MINUTES - 3..], newest);
}

/// A transport that tells its results at the end has one time for all of them.
#[test]
fn a_batch_is_shared_out_among_its_instances() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 4));
    bench.on_deliver(|batch| {
        let count = batch.items.len();
        let tried = (0..count).map(|_| lasting(Outcome::of_status(0, ""), 1600));
        Delivery(tried.collect())
    });
    bench.work();
    assert_eq!(bench.sent().len(), 1);
    let delivery = bench.lane.figures().delivery;
    assert_eq!(delivery.buckets()[bucket(0.4)], 4);
    assert_eq!(delivery.sum(), Duration::from_millis(1600));
}

/// Natively each instance has its own.
#[test]
fn what_is_told_one_by_one_keeps_its_own_time() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 3));
    bench.on_deliver(|batch| {
        let tried: Vec<Tried> = (0..batch.items.len())
            .map(|_| lasting(Outcome::of_status(0, ""), 1600))
            .collect();
        for (index, one) in tried.iter().enumerate() {
            (batch.told)(index, one);
        }
        Delivery(tried)
    });
    bench.work();
    let delivery = bench.lane.figures().delivery;
    assert_eq!(delivery.buckets()[bucket(1.6)], 3);
    assert_eq!(delivery.sum(), Duration::from_millis(4800));
    let newest = bench.lane.history(bench.clock.now()).minutes[MINUTES - 1];
    assert_eq!(newest, minute(3, 30, 0));
    let status = bench.lane.status();
    assert_eq!(status.instances_per_second, 3.0 / 60.0);
    assert_eq!(status.bytes_per_second, 30.0 / 60.0);
}

#[test]
fn an_outage_is_counted_by_its_looks_and_not_by_its_items() {
    let bench = bench(|_| ());
    bench.enqueue(&items("s", 5));
    bench.always(Outcome::new(Class::Unreachable, "refused"));
    bench.on_probe(silent);
    bench.work();
    bench.next();
    bench.next();
    let figures = bench.lane.figures();
    // Each look failed: the one before the first item is trusted to it, and two probes.
    assert_eq!(bench.probes(), 3);
    assert_eq!(figures.attempts(Class::Unreachable), 3);
    assert_eq!((figures.sent, figures.retries), (0, 0));
    assert_eq!(bench.lane.status().outages, 1);
}

/// An item keeps the time at which it was made.
#[test]
fn what_is_replayed_waits_from_then_on_for_the_alerts_too() {
    let bench = bench(|_| ());
    bench.always(Outcome::of_status(0xC000, "no"));
    bench.enqueue(&items("a", 1));
    bench.work();
    bench.advance(86_400.0);
    bench.promoter.round().unwrap();
    let looked = bench.clock.now();
    bench.advance(3.0);
    let (failed, _) = bench.item("a-0");
    bench.store.replay(failed.id, None).unwrap();
    let looks = crate::alert::looks(&*bench.store, &bench.promoter, &*bench.clock);
    assert_eq!(looks.unwrap()[0].oldest, Some(looked));
}
