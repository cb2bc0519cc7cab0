//! What bad destinations and bad instances cost the good ones.

use std::time::{Duration, Instant};

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

const INSTANCES: usize = 300;

/// Seconds in which the good destination gets everything, alone or in bad company.
fn seconds(in_bad_company: bool) -> f64 {
    let hangs = FaultScp::start("HANGS");
    hangs.set_store(Respond::Hang);
    let slow = FaultScp::start("SLOW");
    slow.set_store(Respond::Delay(Duration::from_millis(500), 0));
    let drops = FaultScp::start("DROPS");
    drops.set_store(Respond::Close);
    let refuses = FaultScp::start("REFUSES");
    refuses.set_status(0xC000);
    let good = FaultScp::start("GOOD");
    // As long as it would take over a network: what is measured is waiting for others, not this machine's processor.
    good.set_store(Respond::Delay(Duration::from_millis(10), 0));
    let mut receivers = vec![&good];
    if in_bad_company {
        receivers.extend([&hangs, &slow, &drops, &refuses]);
    }
    let queue = Queue::start(
        queue::config_for(&receivers)
            .set("ConcurrentJobs", 16)
            .set("DicomScuTimeout", 600),
    );
    queue.tell("/destinations/good/pause", &json!({}));
    for _ in 0..3 {
        queue.store_all(&Study::new(1, INSTANCES / 3).build());
    }
    queue.wait_for("good", "Pending", INSTANCES as u64);
    if in_bad_company {
        assert!(hangs.wait_for_stores(1, SOON));
        assert!(slow.wait_for_stores(1, SOON));
        assert!(drops.wait_for_stores(1, SOON));
        assert!(refuses.wait_for_stores(1, SOON));
    }
    let begun = Instant::now();
    queue.tell("/destinations/good/resume", &json!({}));
    assert!(
        good.wait_for_acknowledged(INSTANCES, SOON),
        "{}",
        queue.ask("/destinations")
    );
    let took = begun.elapsed().as_secs_f64();
    queue.wait_for("good", "Success", INSTANCES as u64);
    assert_eq!(good.counters().stores, INSTANCES);
    if in_bad_company {
        // They were as bad as they should be, all the while.
        assert_eq!(queue.count("hangs", "Success"), 0);
        assert_eq!(queue.count("drops", "Success"), 0);
        assert_eq!(queue.count("refuses", "Success"), 0);
        assert!(queue.count("refuses", "Failure") > 0);
        assert!(queue.count("slow", "Success") < INSTANCES as u64);
        println!("the others meanwhile: {}", queue.ask("")["Counts"]);
    }
    took
}

#[test]
fn four_bad_destinations_cost_the_good_one_little() {
    let (mut alone, mut company) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        alone.push(seconds(false));
        company.push(seconds(true));
    }
    let best = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
    let ratio = best(&company) / best(&alone);
    println!("alone {alone:.2?} s, in bad company {company:.2?} s, ratio {ratio:.2}");
    assert!(ratio <= 1.3, "{ratio:.2}: {alone:.2?} {company:.2?}");
}

/// Associations for 1000 instances, of which `bad` are refused.
fn associations(bad: &[usize]) -> usize {
    let scp = FaultScp::start("PACS");
    let instances = Study::new(2, 500).build();
    let refused: Vec<String> = bad
        .iter()
        .map(|at| instances[*at].sop_instance_uid.clone())
        .collect();
    scp.on_store(move |store| {
        Respond::Status(if refused.contains(&store.sop_instance_uid) {
            0xC123
        } else {
            0
        })
    });
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 1000);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for_rest(1000);
    assert_eq!(queue.count("pacs", "Success") as usize, 1000 - bad.len());
    assert_eq!(queue.count("pacs", "Failure") as usize, bad.len());
    assert_eq!(scp.acknowledged_uids().len(), 1000 - bad.len());
    assert_eq!(scp.counters().stores, 1000, "nothing twice");
    scp.counters().associations
}

#[test]
fn one_bad_instance_in_a_thousand_costs_few_associations() {
    let (good, one_bad) = (associations(&[]), associations(&[437]));
    println!("associations for 1000 instances: {good}, with a bad one among them {one_bad}");
    assert!(one_bad <= good + 20, "{good} {one_bad}");
    // One at a time would be as good as no batches at all.
    assert!(good <= 100, "{good}");
}
