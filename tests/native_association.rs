//! The native transport's associations: how many, how long, what a receiver says over them.

use std::time::Duration;

use sendqueue_testkit::dcmtk::StoreScpOptions;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{Association, FaultScp, OrthancConfig, Respond, Study};
use serde_json::{Value, json};

fn native(scp: &FaultScp) -> OrthancConfig {
    queue::config_for(&[scp]).set("/SendQueue/Defaults/Transport", "Native")
}

fn alone(scp: &FaultScp) -> OrthancConfig {
    native(scp).set("/SendQueue/Defaults/Associations", 1)
}

/// The last attempt of the only item of this SOP instance UID.
fn last_attempt(queue: &Queue, uid: &str) -> Value {
    let item = queue.by_uid("pacs")[uid].clone();
    let item = queue.item(item["ID"].as_i64().unwrap());
    item["Attempts"].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn one_association_serves_group_after_group_and_is_released() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(alone(&scp));
    for seed in 0..4 {
        queue.store_all(&Study::new(1, 5).seed(seed).build());
        queue.wait_for("pacs", "Success", 5 * (seed + 1));
    }
    let counters = scp.counters();
    assert!(counters.associations < 4, "{counters:?}");
    assert_eq!(counters.stores, 20);
    assert!(
        scp.wait_for(
            |now| now.open == 0 && now.released == now.associations,
            SOON
        ),
        "{:?}",
        scp.counters()
    );
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
    assert_eq!(queue.ask("/destinations/pacs")["TransportInUse"], "Native");
}

#[test]
fn a_refused_instance_costs_no_association_and_keeps_what_the_receiver_said() {
    let scp = FaultScp::start("PACS");
    let instances = Study::new(1, 30).seed(1).build();
    let bad = instances[11].sop_instance_uid.clone();
    let odd = instances[20].sop_instance_uid.clone();
    let (refused, warned) = (bad.clone(), odd.clone());
    scp.on_store(move |store| {
        if store.sop_instance_uid == refused {
            Respond::StatusWith {
                status: 0xC001,
                error_comment: Some("<b>no</b> such patient"),
                offending: &[(0x0010, 0x0020)],
            }
        } else if store.sop_instance_uid == warned {
            Respond::Status(0xB007)
        } else {
            Respond::Status(0)
        }
    });
    let queue = Queue::start(alone(&scp));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 30);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for_rest(30);
    assert_eq!(scp.counters().associations, 1);
    assert_eq!(scp.counters().stores, 30);
    let items = queue.by_uid("pacs");
    assert_eq!(items[&bad]["State"], "Failure");
    assert_eq!(items[&bad]["DimseStatus"], 0xC001);
    assert_eq!(items[&odd]["Class"], "Warning");
    assert_eq!(items[&odd]["DimseStatus"], 0xB007);
    assert_eq!(queue.count("pacs", "Success"), 29);
    let attempt = last_attempt(&queue, &bad);
    let details = attempt["Details"].as_str().unwrap();
    assert!(
        details.contains("<b>no</b> such patient") && details.contains("(0010,0020)"),
        "{details}"
    );
    // G10: a receiver's words may name a patient.
    let log = queue.log();
    assert!(
        log.contains("0xC001") && !log.contains("such patient"),
        "{log}"
    );
}

#[test]
fn an_association_that_was_closed_while_unused_is_nobodys_failure() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(alone(&scp));
    queue.store_all(&Study::new(1, 1).seed(1).build());
    queue.wait_for("pacs", "Success", 1);
    scp.close_connections();
    queue.store_all(&Study::new(1, 3).seed(2).build());
    queue.wait_for("pacs", "Success", 4);
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
    assert_eq!(queue.ask("/destinations/pacs")["Outages"], 0);
}

#[test]
fn a_modality_that_was_changed_counts_at_once() {
    let (old, new) = (FaultScp::start("OLD"), FaultScp::start("NEW"));
    let config = queue::config(&["pacs"])
        .modality("pacs", old.aet(), old.port())
        .set("/SendQueue/Defaults/Transport", "Native")
        .set("/SendQueue/Defaults/Associations", 1);
    let queue = Queue::start(config);
    queue.store_all(&Study::new(1, 2).seed(1).build());
    queue.wait_for("pacs", "Success", 2);
    let body = json!({ "AET": "NEW", "Host": "127.0.0.1", "Port": new.port(), "LocalAet": "US" });
    let changed = queue.put("/modalities/pacs", body.to_string().as_bytes());
    assert_eq!(changed.status, 200, "{}", changed.text());
    // The event is told by a thread of Orthanc's.
    let mut seed = 2;
    queue.wait_until(
        || {
            queue.store_all(&Study::new(1, 1).seed(seed).build());
            seed += 1;
            queue.wait_for("pacs", "Success", seed);
            !new.stores().is_empty()
        },
        SOON,
        "something for the new receiver",
    );
    assert_eq!(new.stores()[0].calling_aet, "US");
}

#[test]
fn a_receiver_of_one_association_at_a_time_serves_all_the_workers() {
    let scp = StoreScpOptions::new().start("PACS").unwrap();
    let config = queue::config(&["pacs"])
        .modality("pacs", "PACS", scp.port())
        .set("/SendQueue/Defaults/Transport", "Native")
        .set("/SendQueue/Defaults/Associations", 4)
        .set("/SendQueue/Defaults/BatchSize", 20);
    let queue = Queue::start(config);
    for seed in 0..6 {
        queue.store_all(&Study::new(1, 50).seed(seed).build());
    }
    queue.wait_for("pacs", "Success", 300);
    assert!(scp.wait_for_files(300, SOON));
    let destination = queue.ask("/destinations/pacs");
    assert_eq!(destination["Outages"], 0, "{destination:#}");
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
}

#[test]
fn what_a_receiver_says_to_the_association_request_is_told_in_words() {
    let scp = FaultScp::start("PACS");
    let table = [
        (
            Association::Reject {
                result: 1,
                source: 1,
                reason: 7,
            },
            "called AET is not recognized",
        ),
        (
            Association::Reject {
                result: 2,
                source: 3,
                reason: 2,
            },
            "local limit exceeded",
        ),
        (
            Association::AbortWith {
                source: 2,
                reason: 1,
            },
            "did not recognize a PDU",
        ),
        (Association::Garbage, "no DICOM answer"),
        (Association::CloseAtOnce, "the connection"),
    ];
    scp.set_association(table[0].0);
    let queue = Queue::start(alone(&scp));
    queue.store_all(&Study::new(1, 2).seed(1).build());
    for (association, words) in table {
        scp.set_association(association);
        queue.wait_until(
            || {
                queue.tell("/destinations/pacs/echo", &json!({}));
                let echo = queue.tell("/destinations/pacs/echo", &json!({}));
                echo["Error"]
                    .as_str()
                    .is_some_and(|text| text.contains(words))
            },
            SOON,
            words,
        );
    }
    let destination = queue.ask("/destinations/pacs");
    assert_eq!(destination["State"], "Unreachable");
    assert!(
        destination["LastError"]["Details"].is_string(),
        "{destination:#}"
    );
    scp.set_association(Association::Accept);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 2);
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
}

#[test]
fn a_receiver_that_refuses_associations_for_c_echo_comes_back_all_the_same() {
    const VERIFICATION: &str = "1.2.840.10008.1.1";
    let scp = FaultScp::start("PACS");
    let refuse = Association::Reject {
        result: 1,
        source: 1,
        reason: 1,
    };
    scp.set_association(refuse);
    let queue = Queue::start(alone(&scp));
    queue.store_all(&Study::new(1, 3).seed(1).build());
    queue.wait_until(
        || queue.ask("/destinations/pacs")["State"] == "Unreachable",
        SOON,
        "the outage",
    );
    scp.on_association(move |request| {
        if request
            .contexts
            .iter()
            .all(|(class, _)| class == VERIFICATION)
        {
            refuse
        } else {
            Association::Accept
        }
    });
    queue.wait_for("pacs", "Success", 3);
    assert_eq!(queue.ask("/destinations/pacs")["State"], "Ready");
    assert_eq!(scp.counters().echoes, 0);
}

#[test]
fn what_ends_an_association_is_the_failure_of_one_instance() {
    let table: [(Respond, &str); 10] = [
        (
            Respond::AbortWith {
                source: 2,
                reason: 2,
            },
            "did not expect a PDU",
        ),
        (Respond::Close, "the connection"),
        (Respond::WrongMessageId, "another message"),
        (Respond::WrongInstance, "for another instance"),
        (Respond::WrongContext, "presentation context"),
        (Respond::NoStatus, "no status"),
        (Respond::ZeroLengthPdv, "damaged"),
        (Respond::EndlessPdu, "announced a PDU"),
        (Respond::Garbage, ""),
        (Respond::Hang, "in time"),
    ];
    let scp = FaultScp::start("PACS");
    let config = alone(&scp)
        .set("DicomScuTimeout", 1)
        .set("/SendQueue/Defaults/Retry", json!({ "Delay": 0 }));
    let queue = Queue::start(config);
    for (seed, (respond, words)) in table.into_iter().enumerate() {
        let instances = Study::new(1, 6).seed(seed as u64).build();
        let bad = instances[2].sop_instance_uid.clone();
        let refused = bad.clone();
        let answer = respond;
        scp.on_store(move |store| {
            if store.sop_instance_uid == refused && store.times_seen_this_uid == 1 {
                answer
            } else {
                Respond::Status(0)
            }
        });
        queue.tell("/destinations/pacs/pause", &json!({}));
        queue.store_all(&instances);
        queue.wait_for("pacs", "Pending", 6);
        queue.tell("/destinations/pacs/resume", &json!({}));
        queue.wait_for("pacs", "Success", 6 * (seed as u64 + 1));
        for other in queue.items("destination=pacs") {
            let expected = if other["SopInstanceUid"] == bad.as_str() {
                2
            } else {
                1
            };
            let mine = instances
                .iter()
                .any(|one| other["SopInstanceUid"] == one.sop_instance_uid.as_str());
            assert!(
                !mine || other["AttemptCount"] == expected,
                "{respond:?}: {other:#}"
            );
        }
        let item = queue.by_uid("pacs")[&bad].clone();
        let item = queue.item(item["ID"].as_i64().unwrap());
        let first = &item["Attempts"][0];
        assert_eq!(first["Class"], "Interrupted", "{respond:?}: {first:#}");
        let details = first["Details"].as_str().unwrap();
        assert!(details.contains(words), "{respond:?}: {details}");
    }
}

#[test]
fn a_stat_item_overtakes_and_a_pause_holds_within_one_instance() {
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(50), 0));
    let mut queue = Queue::start(alone(&scp));
    let long = Study::new(1, 60).seed(1).build();
    let urgent = Study::new(1, 1).seed(2).build();
    queue.store_all(&long);
    let id = queue.store(&urgent[0].bytes);
    queue.wait_for("pacs", "Success", 61);
    // The same once more, in one batch, so that nothing can go before it is complete.
    scp.clear();
    queue.tell("/destinations/pacs/pause", &json!({}));
    let study: Vec<String> = queue
        .items("destination=pacs")
        .iter()
        .filter(|item| item["Instance"] != id.as_str())
        .map(|item| item["Instance"].as_str().unwrap().to_owned())
        .collect();
    let enqueue = |queue: &Queue, resources: &[String], priority: &str| {
        queue.tell(
            "/items",
            &json!({ "Resources": resources, "Destinations": ["pacs"], "Priority": priority }),
        )
    };
    enqueue(&queue, &study, "Medium");
    queue.wait_for("pacs", "Pending", 60);
    // Each tenth claim takes the oldest, whatever its priority: after a start the tenth is far.
    queue.restart().unwrap();
    queue.tell("/destinations/pacs/resume", &json!({}));
    assert!(scp.wait_for_stores(5, SOON));
    enqueue(&queue, &[id], "Stat");
    let asked = scp.stores().len();
    assert!(scp.wait_for_acknowledged(asked + 8, SOON));
    let position = scp
        .stores()
        .iter()
        .position(|store| store.sop_instance_uid == urgent[0].sop_instance_uid)
        .expect("the urgent one went");
    // One was under way, and another one may have been begun while the request was answered.
    assert!(position <= asked + 2, "{position}, asked at {asked}");
    queue.tell("/destinations/pacs/pause", &json!({}));
    let paused = scp.stores().len();
    queue.wait_for("pacs", "Running", 0);
    assert!(
        scp.stores().len() <= paused + 2,
        "a pause waits for no batch"
    );
    assert!(queue.count("pacs", "Pending") > 0);
}
