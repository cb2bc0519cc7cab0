//! Queueing what Orthanc has already, by identifier and by query; redirecting what failed.

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::{Value, json};

fn by_hand(receivers: &[&FaultScp]) -> Queue {
    Queue::start(queue::config_for(receivers).set("/SendQueue/Rules", json!([])))
}

fn study(seed: u64, series: usize, instances: usize, date: &str, modality: &str) -> Study {
    Study::new(series, instances)
        .seed(seed)
        .modality(modality)
        .patient_id(&format!("P{seed}"))
        .tag((0x0008, 0x0020), "DA", date)
}

fn answer(enqueued: u64, already: u64) -> Value {
    json!({ "Enqueued": enqueued, "AlreadyQueued": already, "Raised": 0, "Failed": 0 })
}

/// A dry run, then the same for good, which must make exactly what the dry run said.
#[track_caller]
fn both(queue: &Queue, what: Value, expected: Value) {
    let items = || queue.items("").len();
    let mut body = what;
    let before = items();
    body["DryRun"] = json!(true);
    let mut foretold = expected.clone();
    foretold["DryRun"] = json!(true);
    assert_eq!(queue.tell("/items", &body), foretold, "dry run of {body}");
    assert_eq!(items(), before, "a dry run changes nothing: {body}");
    body["DryRun"] = json!(false);
    assert_eq!(queue.tell("/items", &body), expected, "{body}");
    assert_eq!(
        items() - before,
        expected["Enqueued"].as_u64().unwrap() as usize,
        "{body}"
    );
}

#[test]
fn queries_find_what_they_say() {
    let (one, two) = (FaultScp::start("ONE"), FaultScp::start("TWO"));
    let queue = by_hand(&[&one, &two]);
    for name in ["one", "two"] {
        queue.tell(&format!("/destinations/{name}/pause"), &json!({}));
    }
    let ct_old = study(1, 1, 2, "20200105", "CT").build();
    let ct_new = study(2, 2, 2, "20260105", "CT").build();
    let mr_new = study(3, 1, 5, "20260220", "MR").build();
    let mut mixed = study(4, 1, 3, "20260301", "CT").build();
    mixed.push(study(4, 2, 1, "20260301", "MR").instance(2, 1));
    for instances in [&ct_old, &ct_new, &mr_new, &mixed] {
        queue.store_all(instances);
    }
    assert_eq!(queue.get("/studies").json().as_array().unwrap().len(), 4);
    let ask = |query: Value, to: Value| json!({ "Query": query, "Destinations": to });

    both(
        &queue,
        ask(json!({ "StudyDate": "20251231-" }), json!(["one"])),
        answer(4 + 5 + 4, 0),
    );
    // Queued already, but for the old one.
    both(
        &queue,
        ask(json!({ "ModalitiesInStudy": "CT" }), json!(["one"])),
        answer(2, 4 + 4),
    );
    both(
        &queue,
        ask(
            json!({ "StudyDate": "20260101-20260131", "ModalitiesInStudy": "CT" }),
            json!(["two"]),
        ),
        answer(4, 0),
    );
    // The list of DICOM, a wildcard, another level's tag, and two destinations at once, one of them twice.
    both(
        &queue,
        ask(
            json!({ "ModalitiesInStudy": "MR\\PT", "PatientID": "P*" }),
            json!(["two", "one", "two"]),
        ),
        answer(5 + 4, 5 + 4),
    );
    // Nothing fits.
    both(
        &queue,
        ask(json!({ "StudyDate": "19991231" }), json!(["one", "two"])),
        answer(0, 0),
    );
    both(
        &queue,
        ask(
            json!({ "StudyDate": "20260101-", "ModalitiesInStudy": "US" }),
            json!(["one"]),
        ),
        answer(0, 0),
    );
    assert_eq!(queue.count("one", "Pending"), 15);
    assert_eq!(queue.count("two", "Pending"), 13);
    for name in ["one", "two"] {
        queue.tell(&format!("/destinations/{name}/resume"), &json!({}));
    }
    queue.wait_for_rest(28);
    assert_eq!(one.acknowledged_uids().len(), 15);
    assert_eq!(two.acknowledged_uids().len(), 13);
    let mut expected: Vec<String> = [&ct_new, &mr_new, &mixed]
        .into_iter()
        .flatten()
        .map(|instance| instance.sop_instance_uid.clone())
        .collect();
    expected.sort();
    let arrived: Vec<String> = two.acknowledged_uids().into_iter().collect();
    assert_eq!(arrived, expected);
    // Delivered is not queued: asked again, it goes again.
    both(
        &queue,
        ask(json!({ "StudyDate": "20200105" }), json!(["one"])),
        answer(2, 0),
    );
    queue.wait_for("one", "Success", 17);
}

/// Orthanc says nothing when it leaves out what is over its limit.
#[test]
fn a_limit_of_orthanc_cuts_no_query() {
    let scp = FaultScp::start("PACS");
    let config = queue::config_for(&[&scp]).set("/SendQueue/Rules", json!([]));
    let queue = Queue::start(config.set("/LimitFindResults", json!(5)));
    queue.tell("/destinations/pacs/pause", &json!({}));
    let ask = |query: Value| json!({ "Query": query, "Destinations": ["pacs"] });
    let (all, of_ct) = (
        json!({ "StudyDate": "2026-" }),
        json!({ "StudyDate": "2026-", "ModalitiesInStudy": "CT" }),
    );
    for seed in 1..=5 {
        queue.store_all(&study(seed, 1, 1, "20260105", "MR").build());
    }
    both(&queue, ask(all.clone()), answer(5, 0));
    for seed in 6..=12 {
        queue.store_all(&study(seed, 1, 1, "20260106", "CT").build());
    }
    let system = queue.get("/system").json();
    let is_extended = system.pointer("/Capabilities/HasExtendedFind") == Some(&json!(true));
    let search = queue.get("/sendqueue/search?q=queue").ok();
    let is_complete = if is_extended { "true" } else { "false" };
    assert_eq!(search.header("Sendqueue-Complete"), Some(is_complete));
    let dates: Vec<Value> = search
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["Tags"]["StudyDate"].clone())
        .collect();
    assert_eq!(dates.len(), if is_extended { 12 } else { 6 });
    assert!(dates.is_sorted_by_key(|date| std::cmp::Reverse(date.to_string())));
    if is_extended {
        both(&queue, ask(of_ct), answer(7, 0));
        both(&queue, ask(all), answer(0, 12));
        return;
    }
    for query in [all, of_ct] {
        for dry_run in [true, false] {
            let mut body = ask(query.clone());
            body["DryRun"] = json!(dry_run);
            let answer = queue.post_json("/sendqueue/items", &body);
            assert_eq!(answer.status, 400, "{}", answer.text());
            let text = answer.text();
            assert!(text.contains("LimitFindResults"), "{text}");
        }
    }
    assert_eq!(queue.items("").len(), 5);
}

#[test]
fn every_level_and_what_overlaps() {
    let scp = FaultScp::start("PACS");
    let queue = by_hand(&[&scp]);
    queue.tell("/destinations/pacs/pause", &json!({}));
    // A patient of two studies, one of them of two series.
    let first = study(1, 2, 3, "20260105", "CT").patient_id("P").build();
    let second = study(2, 1, 4, "20260106", "CT").patient_id("P").build();
    let ids = queue.store_all(&first);
    queue.store_all(&second);
    let above =
        |level: &str| queue.get(&format!("/instances/{}/{level}", ids[0])).json()["ID"].clone();
    let (series, study, patient) = (above("series"), above("study"), above("patient"));
    let ask = |resources: Value| json!({ "Resources": resources, "Destinations": ["pacs"] });
    both(&queue, ask(json!([ids[0]])), answer(1, 0));
    both(&queue, ask(json!([series])), answer(2, 1));
    both(&queue, ask(json!([study])), answer(3, 3));
    both(&queue, ask(json!([patient])), answer(4, 6));
    both(&queue, ask(json!([patient])), answer(0, 10));
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 10);
    assert_eq!(scp.counters().stores, 10);
    // Overlapping resources of one request: the dry run must not count an instance twice.
    queue.tell("/destinations/pacs/pause", &json!({}));
    both(
        &queue,
        ask(json!([study, series, ids[0], patient])),
        answer(10, 3 + 1 + 6),
    );
}

#[test]
fn bad_requests_change_nothing() {
    let scp = FaultScp::start("PACS");
    let queue = by_hand(&[&scp]);
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&study(1, 1, 3, "20260105", "CT").build());
    let id = queue.get("/studies").json()[0].clone();
    let good = json!({ "StudyDate": "2026-" });
    for (body, field) in [
        (json!({ "Query": {} }), "Query"),
        (json!({ "Query": [] }), "Query"),
        (json!({ "Query": "CT" }), "Query"),
        (json!({ "Query": 7 }), "Query"),
        (json!({ "Query": { "StudyDate": 20_260_105 } }), "Query"),
        (json!({ "Query": { "StudyDate": ["20260105"] } }), "Query"),
        (json!({ "Query": { "StudyDate": null } }), "Query"),
        (json!({ "Query": { "StudyDate": { "a": "b" } } }), "Query"),
        (json!({ "Query": { "NoSuchTag": "1" } }), "NoSuchTag"),
        (json!({ "Query": { "": "1" } }), "Query"),
        (
            json!({ "Query": { "StudyDate": "20260105", "PatientNmae": "X" } }),
            "PatientNmae",
        ),
        (json!({ "Query": good, "Resources": [id] }), "Resources"),
        (json!({ "Query": good, "Resources": [] }), "Resources"),
        (json!({ "Query": good, "DryRun": "yes" }), "DryRun"),
        (json!({ "Query": good, "DryRun": 1 }), "DryRun"),
        (json!({ "Query": good, "Priority": "Urgent" }), "Priority"),
        (json!({ "Query": good, "QuietSeconds": -1 }), "QuietSeconds"),
        (json!({ "Query": good, "Level": "Study" }), "Level"),
        (json!({ "Query": good, "Destinations": [] }), "Destinations"),
        (
            json!({ "Query": good, "Destinations": "pacs" }),
            "Destinations",
        ),
        (
            json!({ "Query": good, "Destinations": ["pacs", 1] }),
            "Destinations",
        ),
        (json!({ "Resources": [] }), "Resources"),
        (json!({}), "Resources"),
        (json!({ "Query": null }), "Resources"),
    ] {
        let mut body = body;
        if body.get("Destinations").is_none() {
            body["Destinations"] = json!(["pacs"]);
        }
        for dry_run in [false, true] {
            if dry_run && body.get("DryRun").is_none() {
                body["DryRun"] = json!(true);
            }
            let answer = queue.post_json("/sendqueue/items", &body);
            assert_eq!(answer.status, 400, "{body}: {}", answer.text());
            let message =
                answer.json()["Message"].to_string() + &answer.json()["Details"].to_string();
            assert!(message.contains(field), "{body}: {message}");
        }
    }
    let nowhere =
        json!({ "Query": { "StudyDate": "20260105" }, "Destinations": ["pacs", "nowhere"] });
    assert_eq!(queue.post_json("/sendqueue/items", &nowhere).status, 404);
    assert_eq!(queue.items(""), Vec::<Value>::new());
    let errors = queue.log_errors();
    // Orthanc's own words about the tags that it does not know.
    assert!(
        errors.iter().all(|line| line.contains("Unknown DICOM tag")),
        "{errors:?}"
    );
}

#[test]
fn redirecting_keeps_the_history_of_attempts() {
    let (bad, good) = (FaultScp::start("BAD"), FaultScp::start("GOOD"));
    let instances = study(1, 1, 6, "20260105", "CT").build();
    let refused: Vec<String> = instances[1..4]
        .iter()
        .map(|instance| instance.sop_instance_uid.clone())
        .collect();
    let refusing = refused.clone();
    bad.on_store(move |store| {
        Respond::Status(if refusing.contains(&store.sop_instance_uid) {
            0xC001
        } else {
            0
        })
    });
    let mut queue = by_hand(&[&bad, &good]);
    queue.store_all(&instances);
    let id = queue.get("/studies").json()[0].clone();
    queue.tell(
        "/items",
        &json!({ "Resources": [id], "Destinations": ["bad"] }),
    );
    queue.wait_for("bad", "Success", 3);
    queue.wait_for("bad", "Failure", 3);
    let errors = queue.items("state=Failure");
    let filter = json!({ "Destination": "bad", "To": "good" });

    // Refused: no such destination, no filter, not there.
    for (body, status) in [
        (json!({ "Destination": "bad", "To": "nowhere" }), 404),
        (json!({ "Destination": "bad" }), 400),
        (json!({ "To": "good" }), 400),
    ] {
        let answer = queue.post_json("/sendqueue/errors/redirect", &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    let mut dry_run = filter.clone();
    dry_run["DryRun"] = json!(true);
    assert_eq!(
        queue.tell("/errors/redirect", &dry_run),
        json!({ "Redirected": 3, "DryRun": true })
    );
    assert_eq!(queue.count("bad", "Failure"), 3);
    assert_eq!(
        queue.tell("/errors/redirect", &filter),
        json!({ "Redirected": 3 })
    );
    queue.wait_for("good", "Success", 3);
    assert_eq!(queue.count("bad", "Failure"), 0);
    let mut arrived: Vec<String> = good.acknowledged_uids().into_iter().collect();
    arrived.sort();
    let mut expected = refused;
    expected.sort();
    assert_eq!(arrived, expected);
    queue.restart().unwrap();
    for error in errors {
        let item = queue.item(error["ID"].as_i64().unwrap());
        assert_eq!(item["Destination"], "good", "{item:#}");
        assert_eq!(item["State"], "Success", "{item:#}");
        let attempts = item["Attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 2, "{item:#}");
        assert_eq!(attempts[0]["Destination"], "bad", "{item:#}");
        assert_eq!(attempts[0]["Class"], "Rejected", "{item:#}");
        assert_eq!(attempts[0]["DimseStatus"], 0xC001, "{item:#}");
        assert_eq!(attempts[1]["Destination"], "good", "{item:#}");
        assert_eq!(attempts[1]["Class"], "Success", "{item:#}");
        assert!(
            attempts[0]["Number"].as_u64() < attempts[1]["Number"].as_u64(),
            "{item:#}"
        );
    }
    assert_eq!(good.counters().stores, 3, "nothing twice");
    assert_eq!(bad.counters().stores, 6, "nothing twice");
}
