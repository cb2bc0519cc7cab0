//! The main figures in Orthanc's own `/tools/metrics-prometheus`.

use std::collections::BTreeMap;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Study};

/// Orthanc's metrics of ours; a line is `name value time`.
fn own(queue: &Queue) -> BTreeMap<String, f64> {
    let text = queue.get("/tools/metrics-prometheus").ok().text();
    text.lines()
        .filter_map(|line| {
            let mut parts = line.split(' ');
            let name = parts.next()?.strip_prefix("orthanc_sendqueue_")?;
            Some((name.to_owned(), parts.next()?.parse().ok()?))
        })
        .collect()
}

#[test]
fn orthancs_own_metrics_have_the_main_figures() {
    let good = FaultScp::start("GOOD");
    let refuses = FaultScp::start("REFUSES");
    refuses.set_status(0xC000);
    let away = FaultScp::start("AWAY");
    away.stop();
    let queue = Queue::start(queue::config_for(&[&good, &refuses, &away]));
    // They are there with the start.
    queue.wait_until(|| own(&queue).len() == 5, SOON, "five figures");
    queue.store_all(&Study::new(1, 3).build());
    queue.wait_for("good", "Success", 3);
    let expected = [
        ("failed", 3.0),
        ("sent", 3.0),
        ("unreachable_destinations", 1.0),
        ("waiting", 3.0),
    ];
    queue.wait_until(
        || {
            let mut figures = own(&queue);
            let oldest = figures.remove("oldest_waiting_seconds");
            figures
                == expected
                    .map(|(name, value)| (name.to_owned(), value))
                    .into()
                && oldest.is_some_and(|seconds| seconds > 0.0)
        },
        SOON,
        "what happened shows",
    );
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}
