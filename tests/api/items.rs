//! `/sendqueue/items` and `/sendqueue/errors`.

use super::*;

const ITEM: [&str; 17] = [
    "ID",
    "Instance",
    "SopInstanceUid",
    "Study",
    "Destination",
    "Rule",
    "State",
    "Priority",
    "AttemptCount",
    "CreationTime",
    "NextAttempt",
    "CompletionTime",
    "Class",
    "DimseStatus",
    "Details",
    "SizeBytes",
    "Series",
];

#[test]
fn lists_of_items() {
    let scene = scene();
    let queue = &scene.queue;
    let all = queue.ask("/items");
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 9);
    let ids: Vec<i64> = all
        .iter()
        .map(|item| item["ID"].as_i64().unwrap())
        .collect();
    assert!(ids.windows(2).all(|two| two[0] < two[1]), "{ids:?}");
    for item in all {
        has(item, &ITEM);
        assert!(is_time(&item["CreationTime"]), "{item:#}");
        let at_rest = item["State"] != "Pending";
        assert_eq!(is_time(&item["CompletionTime"]), at_rest, "{item:#}");
        assert_eq!(item["Study"], scene.study);
        assert!(item["DimseStatus"].is_null() || item["DimseStatus"].is_u64());
    }
    let count = |query: &str| {
        queue
            .ask(&format!("/items?{query}"))
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count("state=Failure"), 3);
    assert_eq!(count("state=Success&destination=two"), 0);
    assert_eq!(count("destination=two"), 3);
    assert_eq!(count(&format!("study={}", scene.study)), 9);
    assert_eq!(count("study=0123"), 0);
    assert_eq!(count(&format!("instance={}", scene.instances[1])), 3);
    assert_eq!(
        count(&format!("instance={}&destination=one", scene.instances[1])),
        1
    );
    assert_eq!(count("class=Rejected"), 3);
    assert_eq!(count("class=Success"), 3);
    assert_eq!(count("class=Busy"), 0);
    assert_eq!(count("destination=nowhere"), 0);
    assert_eq!(count("state="), 9);
    assert_eq!(count("state=Failure,Success"), 6);
    assert_eq!(count("state=Scheduled,Pending,Retry"), 3);
    // As programs write it, in names too.
    assert_eq!(count("st%61te=Failure%2CSuccess&limit=%31"), 1);
    assert_eq!(count("limit=4"), 4);
    assert_eq!(count(&format!("since={}", ids[5])), 3);
    assert_eq!(count(&format!("since={}&limit=2", ids[3])), 2);
    assert_eq!(count(&format!("since={}", ids[8])), 0);
    for bad in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "since=-1",
        "since=x",
        "state=pending",
        "state=Pending,",
        "state=Pending,lost",
        "class=rejected",
        "states=Pending",
    ] {
        let answer = queue.get(&format!("/sendqueue/items?{bad}"));
        assert_eq!(answer.status, 400, "{bad}");
        let details = answer.json()["Details"].as_str().unwrap().to_owned();
        let field = bad.split('=').next().unwrap();
        assert!(details.contains(field), "{bad}: {details}");
    }
    let errors = queue.ask(&format!(
        "/errors?destination=two&study={}&class=Rejected&limit=2",
        scene.study
    ));
    assert_eq!(errors.as_array().unwrap().len(), 2);
}

#[test]
fn one_item_and_its_attempts() {
    let scene = scene();
    let item = scene.queue.item(scene.first("Failure"));
    has(&item, &ITEM);
    assert_eq!(item["DimseStatus"], 0xA900);
    let attempt = &item["Attempts"][0];
    has(attempt, &["Time", "Class", "DimseStatus", "Details"]);
    assert!(is_time(&attempt["Time"]));
    for missing in ["999999", "0", "-1", "abc"] {
        assert_eq!(
            scene
                .queue
                .get(&format!("/sendqueue/items/{missing}"))
                .status,
            404
        );
    }
}

#[test]
fn moves_that_the_state_allows_and_those_it_does_not() {
    let scene = scene();
    let (success, failure, pending) = (
        scene.first("Success"),
        scene.first("Failure"),
        scene.first("Pending"),
    );
    for (id, verb) in [
        (success, "replay"),
        (success, "cancel"),
        (success, "send-now"),
        (failure, "cancel"),
        (failure, "send-now"),
        (pending, "replay"),
    ] {
        let answer = scene.verb(id, verb, 409);
        assert!(
            answer["Details"]
                .as_str()
                .unwrap()
                .contains(&id.to_string()),
            "{answer}"
        );
        assert_eq!(answer["HttpStatus"], 409);
    }
    for verb in ["replay", "cancel", "send-now"] {
        scene.verb(999_999, verb, 404);
    }
    assert_eq!(scene.verb(pending, "send-now", 200)["State"], "Pending");
    assert_eq!(scene.verb(pending, "cancel", 200)["State"], "Cancelled");
    let replayed = scene.verb(pending, "replay", 200);
    assert_eq!(
        (&replayed["State"], &replayed["AttemptCount"]),
        (&json!("Pending"), &json!(0))
    );
    // Refused once more: the history is kept, the count began anew.
    scene.verb(failure, "replay", 200);
    scene.queue.wait_for("two", "Failure", 3);
    let item = scene.queue.item(failure);
    assert_eq!(item["AttemptCount"], 1);
    assert_eq!(item["Attempts"].as_array().unwrap().len(), 2);
    for id in [success, failure, pending] {
        let path = format!("/sendqueue/items/{id}");
        assert_eq!(scene.queue.delete(&path).status, 200);
        assert_eq!(scene.queue.delete(&path).status, 404);
        assert_eq!(scene.queue.get(&path).status, 404);
    }
}

#[test]
fn a_running_item_cannot_be_removed() {
    let scp = FaultScp::start("SLOW");
    scp.set_store(sendqueue_testkit::Respond::Hang);
    let queue = Queue::start(queue::config_for(&[&scp]).set("DicomScuTimeout", 600));
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("slow", "Running", 1);
    let id = queue.items("")[0]["ID"].as_i64().unwrap();
    let answer = queue.delete(&format!("/sendqueue/items/{id}"));
    assert_eq!(answer.status, 409, "{}", answer.text());
    // It can be cancelled, and stays so whatever the receiver says then.
    assert_eq!(
        queue.tell(&format!("/items/{id}/cancel"), &json!({}))["State"],
        "Cancelled"
    );
    scp.set_status(0);
    scp.close_connections();
    queue.store_all(&Study::new(1, 1).seed(2).build());
    queue.wait_for("slow", "Success", 1);
    assert_eq!(queue.item(id)["State"], "Cancelled");
}
