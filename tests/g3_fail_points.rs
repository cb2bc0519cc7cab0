//! G1, G3: the process ends between each pair of steps of a delivery. Nothing is lost, and what is sent again was in
//! flight.

use std::collections::BTreeSet;
use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, Study, poll, wait_until};

const LONG: Duration = Duration::from_secs(120);
const INSTANCES: usize = 30;
/// The steps, as the library names them (`src/failpoint.rs`), and the transport that has them.
const POINTS: [(&str, &str); 12] = [
    ("arrived", "Auto"),
    ("enqueued", "Auto"),
    ("claimed", "Native"),
    ("claimed", "Rest"),
    ("submitted", "Rest"),
    ("named", "Rest"),
    ("job-ended", "Rest"),
    ("answered", "Native"),
    ("told", "Native"),
    ("delivered", "Rest"),
    ("finished", "Native"),
    ("finished", "Rest"),
];

#[test]
fn the_process_ends_at_each_step() {
    if std::env::var_os("SENDQUEUE_PLUGIN").is_some() {
        eprintln!("a library given by SENDQUEUE_PLUGIN may be a release, which has no fail points");
        return;
    }
    for (seed, (point, transport)) in POINTS.into_iter().enumerate() {
        let scp = FaultScp::start("PACS");
        let config = queue::config_for(&[&scp])
            .set("/SendQueue/Defaults/BatchSize", 10)
            .set("/SendQueue/Defaults/Transport", transport);
        let mut queue = Queue::start(config.clone().env("SENDQUEUE_FAIL_POINT", point));
        let instances = Study::new(1, INSTANCES).seed(seed as u64).build();
        let mut held = BTreeSet::new();
        for instance in &instances {
            // The process may end at any of them: only what was answered counts.
            let stored = queue.try_request("POST", "/instances", &instance.bytes);
            if stored.is_ok_and(|answer| answer.status == 200) {
                held.insert(instance.sop_instance_uid.clone());
            }
        }
        assert!(
            poll(|| !queue.is_running(), LONG),
            "{point}: the process did not end there"
        );
        queue.restart_with(config).expect("Orthanc");
        wait_until(
            || held.is_subset(&scp.acknowledged_uids()),
            LONG,
            &format!("{point}: all that Orthanc took has arrived"),
        );
        wait_until(
            || {
                let counts = &queue.ask("")["Counts"];
                ["Scheduled", "Pending", "Running", "Retry", "Failure"]
                    .iter()
                    .all(|state| counts[*state] == 0)
            },
            LONG,
            &format!("{point}: the queue is empty"),
        );
        let sent = scp.stores().iter().filter(|one| one.acknowledged()).count();
        let repeated = sent - scp.acknowledged_uids().len();
        println!(
            "{point}: {} held, {sent} acknowledged, {repeated} repeated",
            held.len()
        );
        // Two associations. Natively one instance each; over REST a batch each, and a job that Orthanc had saved begins
        // once more before it is cancelled.
        let most = if transport == "Rest" { 2 * 10 + 2 } else { 2 };
        assert!(
            repeated <= most,
            "{point} ({transport}): {repeated} were sent again"
        );
    }
}
