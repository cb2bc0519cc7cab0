//! Orthanc makes room by deleting the patient that it has had longest. Not one of whom something is still to be sent.

use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancConfig, Study, poll};
use serde_json::json;

const LONG: Duration = Duration::from_secs(60);
const INSTANCES: usize = 2;

fn study(patient: &str) -> Study {
    let seed = patient.bytes().map(u64::from).sum();
    Study::new(1, INSTANCES).seed(seed).patient_id(patient)
}

/// An Orthanc that keeps two patients.
fn config(scp: &FaultScp, protects: bool) -> OrthancConfig {
    queue::config_for(&[scp])
        .set("/MaximumPatientCount", 2)
        .set(
            "/SendQueue/Retention",
            json!({ "Safe": ["pacs"], "ProtectWhileQueued": protects }),
        )
}

/// The patient's identifier in Orthanc.
fn store(queue: &Queue, patient: &str) -> String {
    let ids = queue.store_all(&study(patient).build());
    let parent = queue.get(&format!("/instances/{}/patient", ids[0]));
    parent.json()["ID"].as_str().unwrap().to_owned()
}

fn is_protected(queue: &Queue, patient: &str) -> bool {
    let answer = queue.get(&format!("/patients/{patient}/protected"));
    answer.status == 200 && answer.text() == "1"
}

fn has(queue: &Queue, patient: &str) -> bool {
    queue.get(&format!("/patients/{patient}")).status == 200
}

#[test]
fn whoever_waits_is_not_deleted_to_make_room() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(config(&scp, true));
    queue.tell("/destinations/pacs/pause", &json!({}));
    let (first, second) = (store(&queue, "first"), store(&queue, "second"));
    let both = || is_protected(&queue, &first) && is_protected(&queue, &second);
    queue.wait_until(both, SOON, "both are protected");
    // There is no room that Orthanc may make: it says so to whoever sends.
    for instance in study("third").build() {
        let answer = queue.post("/instances", &instance.bytes);
        assert_ne!(answer.status, 200, "{}", answer.text());
    }
    assert!(has(&queue, &first) && has(&queue, &second));
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 2 * INSTANCES as u64);
    let free = || !is_protected(&queue, &first) && !is_protected(&queue, &second);
    queue.wait_until(free, SOON, "both are free");
    let third = store(&queue, "third");
    assert!(has(&queue, &third) && !(has(&queue, &first) && has(&queue, &second)));
}

#[test]
fn without_it_what_waits_is_lost() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(config(&scp, false));
    queue.tell("/destinations/pacs/pause", &json!({}));
    let first = store(&queue, "first");
    store(&queue, "second");
    queue.wait_for("pacs", "Pending", 2 * INSTANCES as u64);
    store(&queue, "third");
    assert!(!has(&queue, &first), "Orthanc has made room");
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Failure", INSTANCES as u64);
}

#[test]
fn a_crash_leaves_nobody_protected_for_ever() {
    if std::env::var_os("SENDQUEUE_PLUGIN").is_some() {
        eprintln!("a library given by SENDQUEUE_PLUGIN may be a release, which has no fail points");
        return;
    }
    let scp = FaultScp::start("PACS");
    let config = config(&scp, true);
    let crashing = config.clone().env("SENDQUEUE_FAIL_POINT", "protecting");
    let mut queue = Queue::start(crashing);
    queue.tell("/destinations/pacs/pause", &json!({}));
    let first = store(&queue, "first");
    assert!(poll(|| !queue.is_running(), LONG), "it ended there");
    queue.restart_with(config).expect("Orthanc");
    queue.wait_until(|| is_protected(&queue, &first), SOON, "it is protected");
    // Somebody else's protection stays.
    let other = store(&queue, "other");
    queue.wait_until(|| is_protected(&queue, &other), SOON, "the other one too");
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 2 * INSTANCES as u64);
    let free = || !is_protected(&queue, &first) && !is_protected(&queue, &other);
    queue.wait_until(free, SOON, "both are free");
    let told = queue.put(&format!("/patients/{first}/protected"), "1");
    assert_eq!(told.status, 200, "{}", told.text());
    let again = json!({ "Resources": [first], "Destinations": ["pacs"] });
    queue.tell("/items", &again);
    queue.wait_for("pacs", "Success", 3 * INSTANCES as u64);
    queue.restart().expect("Orthanc");
    queue.wait_until(
        || queue.ask("")["Counts"]["Pending"] == 0,
        SOON,
        "nothing waits",
    );
    assert!(is_protected(&queue, &first));
}
