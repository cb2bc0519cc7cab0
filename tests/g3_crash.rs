//! G3: after kill -9 at most what was in flight is sent again, once; Orthanc's own resumed jobs do not send it a second
//! time.

use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};

#[test]
fn killed_in_the_middle_of_a_batch() {
    for transport in ["Native", "Rest"] {
        killed_over(transport);
    }
}

fn killed_over(transport: &str) {
    let scp = FaultScp::start("PACS");
    scp.on_store(|store| {
        if store.index_total < 4 {
            Respond::Status(0)
        } else {
            Respond::Hang
        }
    });
    let mut queue = Queue::start(
        queue::config_for(&[&scp])
            .set("DicomScuTimeout", 30)
            .set("/SendQueue/Defaults/Transport", transport)
            .set("/SendQueue/Defaults/Associations", 1),
    );
    let instances = Study::new(1, 10).build();
    queue.tell("/destinations/pacs/pause", &serde_json::json!({}));
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 10);
    queue.tell("/destinations/pacs/resume", &serde_json::json!({}));
    assert!(scp.wait_for_stores(5, SOON));
    let jobs = queue.get("/jobs").json();
    if transport == "Rest" {
        // Orthanc saves its jobs a moment after they were submitted: a kill before that proves less.
        assert_eq!(jobs.as_array().unwrap().len(), 1, "{jobs}");
        std::thread::sleep(Duration::from_millis(500));
    }
    queue.kill9();
    scp.clear();
    scp.set_store(Respond::Delay(Duration::from_millis(20), 0));
    queue.restart().unwrap();
    queue.wait_for("pacs", "Success", 10);
    let log = queue.log();
    for instance in &instances {
        let uid = &instance.sop_instance_uid;
        let again = scp
            .stores()
            .iter()
            .filter(|store| store.sop_instance_uid == *uid)
            .count();
        let least = usize::from(transport == "Rest");
        assert!((least..=2).contains(&again), "{uid}: {again} times\n{log}");
    }
    // Four were answered: natively the fifth alone goes again. Over REST all ten, and what the resumed job sent before
    // it was ended comes on top; it never goes to its end.
    let stores = scp.counters().stores;
    println!("{transport}: {stores} stores after the restart, 10 instances");
    if transport == "Native" {
        assert_eq!(stores, 6, "{log}");
    } else {
        assert!(
            stores < 20,
            "{stores}: the job was resumed and sent everything again\n{log}"
        );
    }
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
}

#[test]
fn killed_again_and_again_under_load() {
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(5), 0));
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    let instances = Study::new(3, 50).build();
    queue.store_all(&instances);
    let mut kills: usize = 0;
    while kills < 3 {
        assert!(scp.wait_for_stores(30 * (kills + 1), SOON));
        queue.kill9();
        kills += 1;
        queue.restart().unwrap();
    }
    queue.wait_for("pacs", "Success", 150);
    let most = instances
        .iter()
        .map(|instance| scp.count_of(&instance.sop_instance_uid))
        .max()
        .unwrap();
    let stores = scp.counters().stores;
    println!("{stores} stores of 150 after {kills} kills, at most {most} of one");
    // One for each of the two associations and each kill.
    assert!(stores <= 150 + 2 * kills, "{stores}");
    assert_eq!(scp.acknowledged_uids().len(), 150);
}
