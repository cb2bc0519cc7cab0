//! G6: outages are free: no attempt is counted, sending resumes by itself, or at once on `resume`.

use sendqueue_testkit::queue::{self, Queue, SOON, name_of};
use sendqueue_testkit::{Association, FaultScp, Study};
use serde_json::{Value, json};

#[track_caller]
fn untouched(queue: &Queue, destination: &str) {
    for item in queue.items(&format!("destination={destination}")) {
        // One that refuses a C-ECHO is asked with an instance: it runs for a moment.
        assert!(
            item["State"] == "Pending" || item["State"] == "Running",
            "{item:#}"
        );
        assert_eq!(item["AttemptCount"], 0, "{item:#}");
        let item = queue.item(item["ID"].as_i64().unwrap());
        assert_eq!(item["Attempts"], json!([]), "{item:#}");
    }
}

#[test]
fn switched_off_and_on_again() {
    let scp = FaultScp::start("PACS");
    scp.stop();
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 30).build());
    queue.wait_for("pacs", "Pending", 30);
    queue.wait_until(
        || queue.ask("/destinations/pacs")["State"] == "Unreachable",
        SOON,
        "the outage shows",
    );
    let shown = queue.ask("/destinations/pacs");
    assert!(shown["NextProbe"].is_string(), "{shown:#}");
    assert!(shown["UnreachableSince"].is_string(), "{shown:#}");
    assert_eq!(shown["LastError"]["Class"], "Unreachable", "{shown:#}");
    assert_eq!(shown["Counts"]["Pending"], 30, "{shown:#}");
    untouched(&queue, "pacs");
    let lasts = queue.ask("/history")[0]["Outages"].clone();
    assert!(
        lasts[0]["Since"].is_string() && lasts[0]["Until"].is_null(),
        "{lasts:#}"
    );
    scp.restart();
    // By itself: the first probes are seconds apart.
    queue.wait_for("pacs", "Success", 30);
    let shown = queue.ask("/destinations/pacs");
    assert_eq!(shown["State"], "Ready");
    assert!(shown["LastSuccess"].is_string());
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1);
    }
    assert_eq!(scp.counters().stores, 30);
    let journal = queue.ask("/journal?destination=pacs");
    let told: Vec<&Value> = (journal.as_array().unwrap().iter())
        .filter(|entry| entry["Destination"] == "pacs")
        .collect();
    assert_eq!(told.len(), 2, "{journal:#}");
    assert_eq!(told[0]["Event"], "OutageBegan");
    assert!(!told[0]["Details"].as_str().unwrap().is_empty());
    assert_eq!(told[1]["Event"], "OutageEnded");
    for path in ["/history", "/history?hours=24"] {
        let outages = &queue.ask(path)[0]["Outages"];
        assert_eq!(outages.as_array().unwrap().len(), 1, "{outages:#}");
        assert_eq!(outages[0]["Until"], told[1]["Time"], "{outages:#}");
    }
    // It goes away again: where that is soon enough it is the same entry, and so in the charts.
    scp.stop();
    queue.store_all(&Study::new(1, 1).seed(2).build());
    let is_told = || {
        let began = queue.ask("/journal?event=OutageBegan");
        let began = began.as_array().unwrap().last().unwrap()["Time"].clone();
        ["/history", "/history?hours=24"].iter().all(|path| {
            let outages = queue.ask(path)[0]["Outages"].clone();
            outages.as_array().unwrap().last() == Some(&json!({ "Since": began }))
        })
    };
    queue.wait_until(is_told, SOON, "it is away again since the entry's time");
    // An outage needs no error lines of Orthanc.
    assert_eq!(queue.log_errors(), Vec::<String>::new());
}

/// Each way of being unreachable.
#[test]
fn rejected_closed_aborted_and_silent_are_outages_too() {
    let ways = [
        (
            "REJECTS",
            Association::Reject {
                result: 1,
                source: 1,
                reason: 3,
            },
        ),
        ("CLOSES", Association::CloseAtOnce),
        ("ABORTS", Association::AbortAtOnce),
        ("SILENT", Association::HangBeforeAccept),
    ];
    let receivers: Vec<FaultScp> = ways
        .iter()
        .map(|(aet, way)| {
            let scp = FaultScp::start(aet);
            scp.set_association(*way);
            scp
        })
        .collect();
    let queue = Queue::start(
        queue::config_for(&receivers.iter().collect::<Vec<_>>()).set("DicomScuTimeout", 1),
    );
    queue.store_all(&Study::new(1, 5).build());
    for scp in &receivers {
        let name = name_of(scp);
        queue.wait_until(
            || queue.ask(&format!("/destinations/{name}"))["State"] == "Unreachable",
            SOON,
            &name,
        );
        assert!(
            scp.wait_for(|counters| counters.requested >= 3, SOON),
            "{name} is probed"
        );
        untouched(&queue, &name);
        scp.set_association(Association::Accept);
        queue.tell(&format!("/destinations/{name}/resume"), &json!({}));
        queue.wait_for(&name, "Success", 5);
    }
}

#[test]
fn a_cut_network_in_the_middle_of_a_study() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 40).build());
    queue.wait_for("pacs", "Pending", 40);
    let gate = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let cut = gate.clone();
    scp.on_store(move |store| {
        if store.index_total == 15 && !cut.swap(true, std::sync::atomic::Ordering::SeqCst) {
            sendqueue_testkit::Respond::Close
        } else {
            sendqueue_testkit::Respond::Status(0)
        }
    });
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 39);
    // The one in flight is retried, with its attempt counted.
    let retry = queue.items("state=Retry");
    assert_eq!(retry.len(), 1);
    assert_eq!(retry[0]["AttemptCount"], 1);
    assert_eq!(retry[0]["Class"], "Interrupted");
    let id = retry[0]["ID"].as_i64().unwrap();
    queue.tell(&format!("/items/{id}/send-now"), &json!({}));
    queue.wait_for("pacs", "Success", 40);
    assert_eq!(queue.item(id)["AttemptCount"], 2);
    assert_eq!(scp.counters().stores, 41);
}

#[test]
fn a_modality_is_removed_and_added_at_run_time() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 3).build());
    queue.wait_for("pacs", "Success", 3);
    let _ = queue.delete("/modalities/pacs").ok();
    queue.store_all(&Study::new(1, 3).seed(2).build());
    queue.wait_until(
        || {
            let pacs = queue.ask("/destinations/pacs");
            let why = pacs["TransportReason"].as_str().unwrap_or_default();
            pacs["State"] == "NotConfigured" && why.contains("no such modality")
        },
        SOON,
        "it says what is wrong",
    );
    queue.wait_for("pacs", "Pending", 3);
    let waiting = queue.items("destination=pacs&state=Pending");
    assert!(waiting.iter().all(|item| item["AttemptCount"] == 0));
    // One of them goes to a destination that no rule and no configuration knew.
    let other = FaultScp::start("OTHER");
    let entry = json!({ "AET": "OTHER", "Host": "127.0.0.1", "Port": other.port() });
    let _ = queue.put("/modalities/other", entry.to_string()).ok();
    let id = &waiting[0]["ID"];
    queue.tell(&format!("/items/{id}/redirect"), &json!({ "To": "other" }));
    queue.wait_for("other", "Success", 1);
    let entry = json!({ "AET": "PACS", "Host": "127.0.0.1", "Port": scp.port() });
    let _ = queue.put("/modalities/pacs", entry.to_string()).ok();
    queue.wait_for("pacs", "Success", 5);
    let study = queue.get("/studies").json()[0].clone();
    let answer = queue.tell(
        "/items",
        &json!({ "Resources": [study], "Destinations": ["other"] }),
    );
    assert_eq!(
        answer,
        json!({ "Enqueued": 3, "AlreadyQueued": 0, "Raised": 0, "Failed": 0 })
    );
    queue.wait_for("other", "Success", 4);
    // With nothing left of it, it is forgotten, its threads too.
    let _ = queue.delete("/modalities/other").ok();
    let names = || {
        let list = queue.ask("/destinations");
        let names = list
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["Name"].clone());
        names.collect::<Vec<_>>()
    };
    queue.wait_until(|| names() == [json!("pacs")], SOON, "it is forgotten");
}

/// It takes no C-ECHO, against the standard; it takes stores all the same.
#[test]
fn a_receiver_without_c_echo() {
    let scp = FaultScp::start("PACS");
    scp.accept_sop_classes(|uid| uid != "1.2.840.10008.1.1");
    scp.stop();
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 10).build());
    queue.wait_until(
        || queue.ask("/destinations/pacs")["State"] == "Unreachable",
        SOON,
        "the outage shows",
    );
    scp.restart();
    queue.wait_for("pacs", "Success", 10);
    assert_eq!(scp.counters().stores, 10);
}
