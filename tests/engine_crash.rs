//! Kills at random moments of deliveries: nothing is lost, and little is sent again.

use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

const KILLS: u64 = 12;
const ASSOCIATIONS: usize = 2;
const BATCH: usize = 10;

#[test]
fn twelve_kills_at_random_moments() {
    let seed = std::env::var("SENDQUEUE_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("SENDQUEUE_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(25), 0));
    let mut queue = Queue::start(queue::config_for(&[&scp]).set(
        "/SendQueue/Defaults",
        json!({ "Associations": ASSOCIATIONS, "BatchSize": BATCH }),
    ));
    let mut all = Vec::new();
    let mut in_the_middle = 0;
    for round in 0..KILLS {
        let instances = Study::new(2, 40).seed(round).build();
        // However slowly they are stored, all of them are still to be delivered then.
        queue.tell("/destinations/pacs/pause", &json!({}));
        queue.store_all(&instances);
        all.extend(instances);
        queue.tell("/destinations/pacs/resume", &json!({}));
        // Something is being delivered, or the queue is empty for once.
        let before = scp.counters().stores;
        queue.wait_until(
            || {
                let counts = &queue.ask("")["Counts"];
                scp.counters().stores > before || (counts["Pending"] == 0 && counts["Running"] == 0)
            },
            SOON,
            "deliveries",
        );
        std::thread::sleep(Duration::from_millis(random.u64(0..700)));
        queue.kill9();
        in_the_middle += u64::from(scp.acknowledged_uids().len() < all.len());
        queue.restart().unwrap();
    }
    let total = all.len();
    queue.wait_for_rest(total as u64);
    assert_eq!(queue.count("pacs", "Success"), total as u64);
    assert_eq!(scp.acknowledged_uids().len(), total);
    let repeats = scp.counters().stores - total;
    let most = all
        .iter()
        .map(|instance| scp.count_of(&instance.sop_instance_uid))
        .max()
        .unwrap();
    println!(
        "{total} instances, {KILLS} kills ({in_the_middle} with something to do): {repeats} sent again, at most {most} times one"
    );
    assert!(in_the_middle >= KILLS / 2, "the kills came too late");
    assert!(
        repeats <= KILLS as usize * ASSOCIATIONS * BATCH,
        "{repeats}"
    );
    // A kill is not the destination's fault.
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
}
