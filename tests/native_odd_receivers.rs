//! Receivers that work, with manners of their own: everything arrives, at full speed, and nothing counts as a failure.

use sendqueue_testkit::dicom::{EXPLICIT_VR_LE, every_object, every_syntax};
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{Association, FaultScp, Respond, Study};
use serde_json::json;

const VERIFICATION: &str = "1.2.840.10008.1.1";
const NO_REASON: Association = Association::Reject {
    result: 1,
    source: 1,
    reason: 1,
};

/// One association, and a back-off so long that nothing arrives in time if it is ever needed.
fn start(scp: &FaultScp) -> Queue {
    let config = queue::config_for(&[scp])
        .set("/SendQueue/Defaults/Transport", "Native")
        .set("/SendQueue/Defaults/Associations", 1)
        .set(
            "/SendQueue/Defaults/Retry",
            json!({ "Delay": 3600, "MaxDelay": 3600 }),
        );
    Queue::start(config)
}

/// All at once, so that instance follows instance.
fn send(queue: &Queue, study: Study) -> usize {
    let instances = study.build();
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", instances.len() as u64);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", instances.len() as u64);
    instances.len()
}

fn all_at_the_first_attempt(queue: &Queue) {
    for item in queue.items("destination=pacs&limit=1000") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
    assert_eq!(queue.ask("/destinations/pacs")["Outages"], 0);
}

#[test]
fn an_accept_that_is_not_letter_perfect() {
    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    let scp = FaultScp::start("PACS");
    scp.set_association(Association::AcceptOddly);
    // Verification is refused, and so is one of the two contexts.
    scp.accept_sop_classes(|class| class == CT);
    scp.accept_transfer_syntaxes(|syntax| syntax != "1.2.840.10008.1.2");
    let queue = start(&scp);
    let count = send(&queue, Study::new(2, 5));
    all_at_the_first_attempt(&queue);
    assert_eq!(scp.counters().stores, count);
}

#[test]
fn an_answer_in_another_context_of_the_same_sop_class() {
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::OtherContext);
    let queue = start(&scp);
    let count = send(&queue, Study::new(2, 20));
    all_at_the_first_attempt(&queue);
    assert_eq!(scp.counters().stores, count);
    assert_eq!(scp.counters().associations, 1);
}

#[test]
fn an_association_that_ends_after_each_answer() {
    for respond in [Respond::AckThenRelease, Respond::AckThenClose] {
        let scp = FaultScp::start("PACS");
        scp.set_store(respond);
        let queue = start(&scp);
        let count = send(&queue, Study::new(2, 100));
        all_at_the_first_attempt(&queue);
        // Found out before anything was sent into an association at its end.
        assert_eq!(scp.counters().stores, count, "{respond:?}");
        assert_eq!(scp.counters().associations, count, "{respond:?}");
    }
}

#[test]
fn a_release_is_asked_for_in_place_of_an_answer() {
    let scp = FaultScp::start("PACS");
    scp.on_store(|store| {
        if store.index_in_association == 3 {
            Respond::Release
        } else {
            Respond::Status(0)
        }
    });
    let queue = start(&scp);
    let count = send(&queue, Study::new(2, 30));
    all_at_the_first_attempt(&queue);
    // Each fourth one was sent twice.
    assert_eq!(scp.counters().stores, count + (count - 1) / 3);
}

/// A study of five SOP classes and more, all of it waiting; answers how many instances.
fn send_a_mixed_study(queue: &Queue) -> u64 {
    queue.tell("/destinations/pacs/pause", &json!({}));
    let mut files: Vec<Vec<u8>> = every_object().into_iter().map(|one| one.file).collect();
    files.extend(
        Study::new(1, 5)
            .seed(7)
            .build()
            .into_iter()
            .map(|one| one.bytes),
    );
    for file in &files {
        queue.store(file);
    }
    let count = files.len() as u64;
    queue.wait_for("pacs", "Pending", count);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", count);
    count
}

#[test]
fn an_association_with_many_contexts_is_refused() {
    for (most, refusal) in [(1, NO_REASON), (4, Association::CloseAtOnce)] {
        let scp = FaultScp::start("PACS");
        scp.on_association(move |request| {
            if request.contexts.len() > most {
                refusal
            } else {
                Association::Accept
            }
        });
        let queue = start(&scp);
        let count = send_a_mixed_study(&queue);
        all_at_the_first_attempt(&queue);
        assert_eq!(scp.counters().stores as u64, count);
        // What was learnt is not learnt again: no association is refused any more, but for a SOP class that is new.
        scp.clear();
        queue.store_all(&Study::new(1, 5).seed(8).build());
        queue.wait_for("pacs", "Success", count + 5);
        let counters = scp.counters();
        assert_eq!(
            counters.requested, counters.associations,
            "{most}: {counters:?}"
        );
    }
}

/// Left the choice, it takes what it likes best, which Orthanc cannot always make (JPEG 2000 without its GDCM plugin).
#[test]
fn one_context_only_in_which_the_stored_syntax_is_not_liked_best() {
    let scp = FaultScp::start("PACS");
    scp.on_association(|request| {
        if request.contexts.len() > 1 {
            NO_REASON
        } else {
            Association::Accept
        }
    });
    scp.like_best(EXPLICIT_VR_LE);
    let queue = start(&scp);
    let samples = every_syntax();
    for name in ["JPEG 2000 lossless", "JPEG lossless SV1"] {
        let sample = samples.iter().find(|one| one.name == name).unwrap();
        queue.store(&sample.file);
    }
    queue.wait_for("pacs", "Success", 2);
    all_at_the_first_attempt(&queue);
    let came: Vec<String> = scp
        .stores()
        .into_iter()
        .map(|one| one.transfer_syntax)
        .collect();
    assert!(came.iter().any(|one| one == EXPLICIT_VR_LE), "{came:?}");
    assert!(
        came.iter().any(|one| one == "1.2.840.10008.1.2.4.90"),
        "{came:?}"
    );
}

#[test]
fn verification_and_storage_are_not_taken_together() {
    let scp = FaultScp::start("PACS");
    scp.on_association(|request| {
        let echo = |(class, _): &(String, Vec<String>)| class == VERIFICATION;
        let some = request.contexts.iter().any(echo);
        if some && !request.contexts.iter().all(echo) {
            NO_REASON
        } else {
            Association::Accept
        }
    });
    let queue = start(&scp);
    let echo = queue.tell("/destinations/pacs/echo", &json!({}));
    assert!(echo["Error"].is_null(), "{echo:#}");
    send(&queue, Study::new(2, 5));
    all_at_the_first_attempt(&queue);
    assert_eq!(scp.counters().echoes, 1);
}

/// After an outage too, which ends by a C-STORE then.
#[test]
fn verification_alone_is_hung_up_on() {
    let scp = FaultScp::start("PACS");
    scp.set_association(Association::CloseAtOnce);
    let queue = start(&scp);
    queue.store_all(&Study::new(1, 5).build());
    queue.wait_until(
        || queue.ask("/destinations/pacs")["State"] == "Unreachable",
        SOON,
        "the outage",
    );
    scp.on_association(|request| {
        let echo = |(class, _): &(String, Vec<String>)| class == VERIFICATION;
        if request.contexts.iter().all(echo) {
            Association::CloseAtOnce
        } else {
            Association::Accept
        }
    });
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 5);
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
}

#[test]
fn each_connection_brings_an_association() {
    for transport in ["Rest", "Native"] {
        let scp = FaultScp::start("PACS");
        let config = queue::config_for(&[&scp]).set("/SendQueue/Defaults/Transport", transport);
        let queue = Queue::start(config);
        // A receiver of one connection would be gone after one that brings nothing.
        let echo = queue.tell("/destinations/pacs/echo", &json!({}));
        assert!(echo["Error"].is_null(), "{echo:#}");
        queue.store_all(&Study::new(1, 3).build());
        queue.wait_for("pacs", "Success", 3);
        let counters = scp.counters();
        assert!(counters.echoes >= 1);
        assert_eq!(counters.connections, counters.requested, "{counters:?}");
        scp.stop();
        let echo = queue.tell("/destinations/pacs/echo", &json!({}));
        let error = echo["Error"].as_str().unwrap_or_default();
        assert!(error.contains("cannot connect"), "{echo:#}");
    }
}
