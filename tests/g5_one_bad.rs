//! G5: one bad instance stops nobody: the rest of its study arrives, it alone is in the error queue.

use sendqueue_testkit::dicom::{CT_IMAGE, PRIVATE_SOP_CLASS};
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

fn uids(items: &[serde_json::Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["SopInstanceUid"].as_str().unwrap())
        .collect()
}

#[test]
fn ninety_nine_arrive_and_the_bad_one_alone_is_in_the_error_queue() {
    let scp = FaultScp::start("PACS");
    let instances = Study::new(1, 100).seed(51).build();
    let bad = instances[36].sop_instance_uid.clone();
    let refused = bad.clone();
    scp.on_store(move |store| {
        Respond::Status(if store.sop_instance_uid == refused {
            0xC123
        } else {
            0
        })
    });
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 100);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for_rest(100);

    assert_eq!(queue.count("pacs", "Success"), 99);
    assert_eq!(scp.acknowledged_uids().len(), 99);
    let errors = queue.ask("/errors");
    let errors = errors.as_array().unwrap();
    assert_eq!(uids(errors), [bad.as_str()]);
    assert_eq!(errors[0]["DimseStatus"], 0xC123);
    assert_eq!(errors[0]["Class"], "Rejected");
    // The refused one costs one more association, nothing is sent twice.
    assert!(scp.counters().stores == 100, "{:?}", scp.counters());
}

#[test]
fn many_bad_ones_at_the_edges() {
    let scp = FaultScp::start("PACS");
    let instances = Study::new(1, 30).seed(52).build();
    let bad: Vec<String> = [0, 1, 2, 14, 28, 29]
        .iter()
        .map(|at| instances[*at].sop_instance_uid.clone())
        .collect();
    let refused = bad.clone();
    scp.on_store(move |store| {
        Respond::Status(if refused.contains(&store.sop_instance_uid) {
            0xA900
        } else {
            0
        })
    });
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&instances);
    queue.wait_for_rest(30);
    let errors = queue.items("state=Failure");
    let mut found = uids(&errors);
    found.sort_unstable();
    let mut expected: Vec<&str> = bad.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(scp.acknowledged_uids().len(), 24);
    assert_eq!(scp.counters().stores, 30);
}

#[test]
fn a_sop_class_that_is_not_accepted_stops_its_instances_only() {
    let scp = FaultScp::start("CTONLY");
    scp.accept_sop_classes(|uid| uid == CT_IMAGE || uid.starts_with("1.2.840.10008.1.1"));
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/ctonly/pause", &json!({}));
    let study = Study::new(1, 6).seed(53);
    let ct = study.clone().sop_class(CT_IMAGE).build();
    let other = Study::new(1, 1)
        .seed(54)
        .sop_class(PRIVATE_SOP_CLASS)
        .build();
    queue.store_all(&ct[..3]);
    queue.store_all(&other);
    queue.store_all(&ct[3..]);
    queue.wait_for("ctonly", "Pending", 7);
    queue.tell("/destinations/ctonly/resume", &json!({}));
    queue.wait_for_rest(7);
    let errors = queue.items("state=Failure");
    assert_eq!(uids(&errors), [other[0].sop_instance_uid.as_str()]);
    assert_eq!(errors[0]["Class"], "NotNegotiated");
    assert_eq!(errors[0]["AttemptCount"], 1);
    assert_eq!(scp.acknowledged_uids().len(), 6);
}

/// The same within one study, so that both SOP classes are in one batch.
#[test]
fn two_sop_classes_in_one_study() {
    let scp = FaultScp::start("CTONLY");
    scp.accept_sop_classes(|uid| uid == CT_IMAGE || uid.starts_with("1.2.840.10008.1.1"));
    let queue = Queue::start(
        queue::config_for(&[&scp]).set("/SendQueue/Defaults", json!({ "Level": "Patient" })),
    );
    queue.tell("/destinations/ctonly/pause", &json!({}));
    let ct = Study::new(1, 6)
        .seed(55)
        .patient_id("P")
        .sop_class(CT_IMAGE)
        .build();
    let other = Study::new(1, 2)
        .seed(56)
        .patient_id("P")
        .sop_class(PRIVATE_SOP_CLASS)
        .build();
    queue.store_all(&ct[..3]);
    queue.store_all(&other);
    queue.store_all(&ct[3..]);
    queue.wait_for("ctonly", "Pending", 8);
    queue.tell("/destinations/ctonly/resume", &json!({}));
    queue.wait_for_rest(8);
    assert_eq!(queue.count("ctonly", "Failure"), 2);
    for item in queue.items("state=Failure") {
        assert_eq!(item["Class"], "NotNegotiated", "{item:#}");
    }
    assert_eq!(scp.acknowledged_uids().len(), 6);
    assert_eq!(scp.counters().stores, 6);
}

#[test]
fn an_instance_deleted_while_it_waits_is_missing() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    let instances = Study::new(1, 9).seed(57).build();
    let ids = queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 9);
    for at in [0, 4, 8] {
        let _ = queue.delete(&format!("/instances/{}", ids[at])).ok();
    }
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for_rest(9);
    assert_eq!(queue.count("pacs", "Success"), 6);
    let mut found = Vec::new();
    for item in queue.items("state=Failure") {
        assert_eq!(item["Class"], "Missing");
        assert_eq!(item["AttemptCount"], 0);
        found.push(item["Instance"].as_str().unwrap().to_owned());
    }
    assert_eq!(found, [ids[0].clone(), ids[4].clone(), ids[8].clone()]);
    assert_eq!(scp.counters().stores, 6);
}

/// Deleted while its batch is being sent: Orthanc may have read it before (then it arrives), or not.
#[test]
fn an_instance_deleted_under_way_is_missing_or_arrives() {
    let scp = FaultScp::start("SLOW");
    let (first, begun) = std::sync::mpsc::channel();
    let (go_on, gate) = std::sync::mpsc::channel::<()>();
    let (first, gate) = (std::sync::Mutex::new(first), std::sync::Mutex::new(gate));
    scp.on_store(move |store| {
        if store.index_total == 0 {
            first.lock().unwrap().send(()).unwrap();
            let _ = gate.lock().unwrap().recv();
        }
        Respond::Status(0)
    });
    let queue = Queue::start(queue::config_for(&[&scp]).set("DicomScuTimeout", 60));
    queue.tell("/destinations/slow/pause", &json!({}));
    let instances = Study::new(1, 10).seed(58).build();
    let ids = queue.store_all(&instances);
    queue.wait_for("slow", "Pending", 10);
    queue.tell("/destinations/slow/resume", &json!({}));
    begun.recv_timeout(SOON).expect("the first store");
    for at in [6, 9] {
        let _ = queue.delete(&format!("/instances/{}", ids[at])).ok();
    }
    go_on.send(()).unwrap();
    queue.wait_for_rest(10);
    let acknowledged = scp.acknowledged_uids();
    for (uid, item) in queue.by_uid("slow") {
        if acknowledged.contains(&uid) {
            assert_eq!(item["State"], "Success", "{item:#}");
        } else {
            assert_eq!(item["State"], "Failure", "{item:#}");
            assert_eq!(item["Class"], "Missing", "{item:#}");
            assert_eq!(item["AttemptCount"], 0, "{item:#}");
        }
        assert!(scp.count_of(&uid) <= 1, "{uid}");
    }
    assert!(acknowledged.len() >= 8);
}
