//! Store and forward: what arrives goes where the rules say, once.

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, Study};
use serde_json::{Value, json};

fn store_from(queue: &Queue, aet: &str, instances: &[Instance]) {
    let sent = StoreScu::to("ORTHANC", queue.dicom_port())
        .calling(aet)
        .send(instances)
        .unwrap();
    assert!(sent.status.success(), "{sent:?}");
}

#[test]
fn two_studies_to_two_destinations() {
    let (one, two) = (FaultScp::start("ONE"), FaultScp::start("TWO"));
    one.keep_bytes(true);
    let queue = Queue::start(queue::config_for(&[&one, &two]));
    let mut all = Study::new(2, 5).seed(1).build();
    all.extend(Study::new(1, 7).seed(2).build());
    let ids = queue.store_all(&all);
    queue.wait_for_rest(34);
    for scp in [&one, &two] {
        assert_eq!(scp.counters().stores, 17);
        assert_eq!(scp.acknowledged_uids().len(), 17);
        let items = queue.by_uid(&queue::name_of(scp));
        for (instance, id) in all.iter().zip(&ids) {
            let item = &items[&instance.sop_instance_uid];
            assert_eq!(item["Instance"], *id);
            assert_eq!(item["State"], "Success");
            assert_eq!(item["Rule"], "all");
            assert_eq!(item["Priority"], "Medium");
            assert_eq!(item["AttemptCount"], 1);
            assert_eq!(item["SizeBytes"], instance.bytes.len());
        }
    }
    assert!(
        one.stores()
            .iter()
            .all(|store| store.calling_aet == "ORTHANC")
    );
    assert_eq!(queue.log_errors(), Vec::<String>::new());

    // Where a study went, and that it is all there.
    let study = queue.by_uid("one").values().next().unwrap()["Study"].clone();
    let shown = queue.ask(&format!("/studies/{}", study.as_str().unwrap()));
    let destinations = shown["Destinations"].as_array().unwrap();
    assert_eq!(destinations.len(), 2);
    for destination in destinations {
        let n = destination["Counts"]["Success"].as_u64().unwrap();
        assert!(n == 10 || n == 7, "{shown:#}");
        assert!(destination["LastCompletionTime"].is_string());
    }
}

#[test]
fn rules_decide_by_aet_tags_and_origin() {
    let names = ["ALL", "CTS", "SCANNER", "RESTFUL", "THORAX", "NOBODY"];
    let receivers: Vec<FaultScp> = names.iter().map(|name| FaultScp::start(name)).collect();
    let queue = Queue::start(
        queue::config_for(&receivers.iter().collect::<Vec<_>>()).set(
            "/SendQueue/Rules",
            json!([
                { "To": ["all"] },
                { "To": ["cts"], "When": { "Tags": { "Modality": ["CT", "PT"] } } },
                { "To": ["scanner", "all"], "When": { "CallingAet": "regex:^SCANNER\\d$" } },
                { "To": ["restful"], "When": { "Origin": "RestApi" } },
                { "To": ["thorax"], "When": { "Tags": { "0008,1030": "regex:(?i)thorax" }, "CalledAet": "ORTHANC" } },
                { "To": ["nobody"], "When": { "CallingAet": ["NOBODY", "ELSE"] } }
            ]),
        ),
    );
    let ct = Study::new(1, 2)
        .seed(1)
        .modality("CT")
        .study_description("CT Thorax")
        .build();
    let mr = Study::new(1, 3)
        .seed(2)
        .modality("MR")
        .study_description("Head")
        .build();
    store_from(&queue, "SCANNER7", &ct);
    queue.store_all(&mr);
    queue.wait_for_rest(5 + 2 + 2 + 3 + 2);
    let counts: Vec<usize> = receivers
        .iter()
        .map(|scp| scp.acknowledged_uids().len())
        .collect();
    assert_eq!(counts, [5, 2, 2, 3, 2, 0]);
    assert!(
        receivers
            .iter()
            .all(|scp| scp.counters().stores == scp.acknowledged_uids().len())
    );
}

#[test]
fn calling_aet_and_timeout() {
    let (fixed, remote, slow) = (
        FaultScp::start("FIXED"),
        FaultScp::start("REMOTE"),
        FaultScp::start("SLOW"),
    );
    slow.set_store(sendqueue_testkit::Respond::Hang);
    let queue = Queue::start(
        queue::config_for(&[&fixed, &remote, &slow])
            .set("DicomScuTimeout", 600)
            .set(
                "/SendQueue/Destinations",
                json!({
                    "fixed": { "LocalAet": "GATEWAY" },
                    "remote": { "LocalAet": "$RemoteAet" },
                    "slow": { "Timeout": 1, "Retry": { "MaxAttempts": 1 } }
                }),
            ),
    );
    store_from(&queue, "CT1", &Study::new(1, 2).seed(1).build());
    store_from(&queue, "CT2", &Study::new(1, 2).seed(2).build());
    queue.wait_for("fixed", "Success", 4);
    queue.wait_for("remote", "Success", 4);
    assert!(
        fixed
            .stores()
            .iter()
            .all(|store| store.calling_aet == "GATEWAY")
    );
    let mut aets: Vec<String> = remote
        .stores()
        .into_iter()
        .map(|store| store.calling_aet)
        .collect();
    aets.sort();
    assert_eq!(aets, ["CT1", "CT1", "CT2", "CT2"]);
    // Only the setting's one second can have ended it.
    queue.wait_until(
        || queue.count("slow", "Failure") > 0,
        queue::SOON,
        "the time-out of the destination",
    );
}

#[test]
fn never_back_to_where_it_came_from() {
    let (one, two) = (FaultScp::start("ONE"), FaultScp::start("TWO"));
    let queue = Queue::start(queue::config_for(&[&one, &two]));
    store_from(&queue, "ONE", &Study::new(1, 3).build());
    queue.wait_for_rest(3);
    assert_eq!((one.counters().stores, two.counters().stores), (0, 3));
}

/// By each way of sending; what came from the receiver goes back to it under none of its names; what it does not answer
/// holds all of them.
#[test]
fn one_receiver_under_several_names() {
    let scp = FaultScp::start("PACS");
    let names = ["pacs", "research", "paper"];
    let config = queue::config_for(&[&scp])
        .set("/SendQueue/Rules", json!([{ "To": names }]))
        .set(
            "/SendQueue/Destinations",
            json!({
                "pacs": { "Associations": 1 },
                "research": { "Target": "pacs", "AssociationPer": "Group", "Transport": "Native" },
                "paper": { "Target": "pacs", "Transport": "Rest" },
            }),
        );
    let queue = Queue::start(config);
    store_from(&queue, "PACS", &Study::new(1, 2).seed(1).build());
    let study = Study::new(1, 5).seed(2).build();
    store_from(&queue, "CT", &study);
    for name in names {
        queue.wait_for(name, "Success", 5);
        let shown = queue.ask(&format!("/destinations/{name}"));
        assert_eq!(shown["Settings"]["Associations"], 1, "{shown:#}");
    }
    assert_eq!(scp.counters().stores, 15, "each name once, nothing back");
    assert_eq!(
        scp.counters().max_open,
        1,
        "and never two associations at once"
    );

    scp.stop();
    queue.store_all(&Study::new(1, 3).seed(3).build());
    let state = |name: &str| queue.ask(&format!("/destinations/{name}"))["State"].clone();
    queue.wait_until(
        || names.iter().all(|name| state(name) == "Unreachable"),
        SOON,
        "what one name finds out holds for all",
    );
}

#[test]
fn resources_of_any_level_can_be_enqueued() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]).set("/SendQueue/Rules", json!([])));
    let ids = queue.store_all(&Study::new(2, 3).build());
    let ask = |path: &str| queue.get(path).json();
    let patient = ask("/patients")[0].as_str().unwrap().to_owned();
    let study = ask("/studies")[0].as_str().unwrap().to_owned();
    let series = ask("/series")[0].as_str().unwrap().to_owned();
    let send = |resources: Value| {
        queue.tell(
            "/items",
            &json!({ "Resources": resources, "Destinations": ["pacs"], "Priority": "Stat" }),
        )
    };
    let mut all = 0;
    for (resource, count) in [(&ids[0], 1), (&series, 3), (&study, 6), (&patient, 6)] {
        assert_eq!(
            send(json!([resource])),
            json!({ "Enqueued": count, "AlreadyQueued": 0, "Raised": 0, "Failed": 0 })
        );
        all += count;
        queue.wait_for("pacs", "Success", all);
    }
    assert_eq!(scp.counters().stores, 16);
    assert!(
        queue
            .items("")
            .iter()
            .all(|item| item["Priority"] == "Stat" && item["Rule"].is_null())
    );
    // Twice in one request, and while it waits: once.
    queue.tell("/destinations/pacs/pause", &json!({}));
    assert_eq!(
        send(json!([study, series, ids[0]])),
        json!({ "Enqueued": 6, "AlreadyQueued": 4, "Raised": 0, "Failed": 0 })
    );
    assert_eq!(
        send(json!([patient])),
        json!({ "Enqueued": 0, "AlreadyQueued": 6, "Raised": 0, "Failed": 0 })
    );
    // One unknown resource: nothing is enqueued.
    for (resources, destinations) in [
        (json!([study, "0123"]), json!(["pacs"])),
        (json!([study]), json!(["pacs", "nowhere"])),
    ] {
        let body = json!({ "Resources": resources, "Destinations": destinations });
        let answer = queue.post_json("/sendqueue/items", &body);
        assert_eq!(answer.status, 404, "{}", answer.text());
    }
    assert_eq!(queue.count("pacs", "Pending"), 6);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 22);
}

/// Nothing goes before the quiet period is over; each arrival lengthens it; `send-now` ends it.
#[test]
fn quiet_periods() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(
        queue::config_for(&[&scp]).set("/SendQueue/Defaults", json!({ "QuietSeconds": 3 })),
    );
    let instances = Study::new(1, 6).build();
    queue.store_all(&instances[..3]);
    queue.wait_for("pacs", "Scheduled", 3);
    queue.store_all(&instances[3..]);
    queue.wait_for("pacs", "Scheduled", 6);
    assert_eq!(scp.counters().requested, 0);
    queue.wait_for("pacs", "Success", 6);
    // All of it over one association, but for the C-ECHO that asks whether it is there.
    assert!(scp.counters().associations <= 3, "{:?}", scp.counters());

    queue.store_all(&Study::new(1, 2).seed(9).build());
    queue.wait_for("pacs", "Scheduled", 2);
    let waiting = queue.items("state=Scheduled");
    let id = waiting[0]["ID"].as_i64().unwrap();
    let moved = queue.tell(&format!("/items/{id}/send-now"), &json!({}));
    assert!(moved["State"] != "Scheduled", "{moved}");
    queue.wait_for_rest(8);
}

#[test]
fn a_restart_keeps_what_waits_and_what_is_paused() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 5).build());
    queue.wait_for("pacs", "Pending", 5);
    queue.restart().unwrap();
    let shown = queue.ask("/destinations/pacs");
    assert_eq!(shown["State"], "Paused");
    assert_eq!(shown["Counts"]["Pending"], 5);
    queue.store_all(&Study::new(1, 1).seed(2).build());
    queue.wait_for("pacs", "Pending", 6);
    assert_eq!(scp.counters().requested, 0);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 6);
}
