//! G4: a dead, slow or rejecting destination delays no other.

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{Association, FaultScp, Respond, Study};

/// With Orthanc's default of two threads for all jobs, and receivers that are silent for longer than the test waits.
#[test]
fn four_bad_destinations_and_a_good_one() {
    let silent = FaultScp::start("SILENT");
    silent.set_store(Respond::Hang);
    let mute = FaultScp::start("MUTE");
    mute.set_association(Association::HangBeforeAccept);
    let off = FaultScp::start("OFF");
    off.stop();
    let rejects = FaultScp::start("REJECTS");
    rejects.set_status(0xC000);
    let good = FaultScp::start("GOOD");
    // The good one is last in the rule and in the alphabet's middle: nothing favours it.
    let queue = Queue::start(
        queue::config_for(&[&silent, &mute, &off, &rejects, &good]).set("DicomScuTimeout", 600),
    );
    for seed in 0..4 {
        queue.store_all(&Study::new(1, 25).seed(seed).build());
    }
    assert!(good.wait_for_acknowledged(100, SOON), "{}", queue.log());
    queue.wait_for("good", "Success", 100);
    queue.wait_for("rejects", "Failure", 100);
    for name in ["silent", "mute", "off"] {
        assert_eq!(queue.count(name, "Success"), 0);
        for item in queue.items(&format!("destination={name}")) {
            assert_eq!(item["AttemptCount"], 0, "{item:#}");
        }
    }
    // They came back: everything arrives.
    for scp in [&silent, &mute] {
        scp.set_association(Association::Accept);
        scp.set_status(0);
        scp.close_connections();
    }
    off.restart();
    for name in ["silent", "mute", "off"] {
        queue.tell(
            &format!("/destinations/{name}/resume"),
            &serde_json::json!({}),
        );
    }
    assert!(
        mute.wait_for_acknowledged(100, SOON),
        "{}",
        queue.ask("/destinations")
    );
    assert!(
        off.wait_for_acknowledged(100, SOON),
        "{}",
        queue.ask("/destinations")
    );
}

/// New arrivals for the good one while the others stay bad, over and over.
#[test]
fn it_stays_so_while_the_others_stay_bad() {
    let aborts = FaultScp::start("ABORTS");
    aborts.set_store(Respond::Abort);
    let silent = FaultScp::start("SILENT");
    silent.set_store(Respond::Hang);
    let good = FaultScp::start("GOOD");
    let queue = Queue::start(
        queue::config_for(&[&aborts, &silent, &good])
            .set("DicomScuTimeout", 1)
            .set("ConcurrentJobs", 2),
    );
    for round in 0..8 {
        queue.store_all(&Study::new(1, 10).seed(round).build());
        let all = 10 * (round as usize + 1);
        assert!(good.wait_for_acknowledged(all, SOON), "{}", queue.log());
    }
    queue.wait_for("good", "Success", 80);
    assert_eq!(good.counters().stores, 80);
    assert_eq!(queue.count("aborts", "Success"), 0);
    assert_eq!(queue.count("silent", "Success"), 0);
}
