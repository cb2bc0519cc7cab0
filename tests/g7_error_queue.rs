//! G7: nothing leaves the error queue but by replay, redirect or purge; it survives restarts and kill -9.

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, Study};
use serde_json::{Value, json};

/// Six items in the error queue: two studies of three, for a receiver that refuses everything.
fn refused(scp: &FaultScp, other: &FaultScp) -> (Queue, Vec<Value>) {
    scp.set_status(0xC000);
    let queue = Queue::start(
        queue::config(&["pacs"])
            .modality("pacs", scp.aet(), scp.port())
            .modality("other", other.aet(), other.port())
            .set("/SendQueue/HistoryDays", 0),
    );
    queue.store_all(&Study::new(1, 3).seed(1).build());
    queue.store_all(&Study::new(1, 3).seed(2).build());
    queue.wait_for("pacs", "Failure", 6);
    let errors = queue.ask("/errors").as_array().unwrap().clone();
    assert_eq!(errors.len(), 6);
    (queue, errors)
}

fn errors(queue: &Queue) -> Vec<Value> {
    queue.ask("/errors").as_array().unwrap().clone()
}

#[test]
fn it_survives_restarts_kills_and_history_days_0() {
    let (scp, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    let (mut queue, before) = refused(&scp, &other);
    // Something that is pruned at once, so that pruning has run.
    let study = before[0]["Study"].clone();
    queue.tell(
        "/items",
        &json!({ "Resources": [study], "Destinations": ["other"] }),
    );
    assert!(other.wait_for_acknowledged(3, queue::SOON));
    queue.wait_until(
        || queue.items("destination=other").is_empty(),
        queue::SOON,
        "the history is pruned",
    );
    assert_eq!(errors(&queue), before);
    queue.restart().unwrap();
    assert_eq!(errors(&queue), before);
    queue.kill9();
    queue.restart().unwrap();
    assert_eq!(errors(&queue), before);
    assert_eq!(scp.counters().stores, 6, "nothing was sent again");
}

#[test]
fn it_is_left_by_replay_redirect_and_purge() {
    let (scp, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    let (queue, before) = refused(&scp, &other);
    let study = before[0]["Study"].as_str().unwrap();
    let ids: Vec<i64> = before
        .iter()
        .map(|item| item["ID"].as_i64().unwrap())
        .collect();

    for (verb, key) in [
        ("replay", "Replayed"),
        ("purge", "Purged"),
        ("redirect", "Redirected"),
    ] {
        let mut body = json!({ "Study": study, "DryRun": true });
        if verb == "redirect" {
            body["To"] = json!("other");
        }
        let answer = queue.tell(&format!("/errors/{verb}"), &body);
        assert_eq!(answer, json!({ key: 3, "DryRun": true }));
    }
    // To queue them again is no replay: what failed stays.
    let again = json!({ "Resources": [study], "Destinations": ["pacs"], "DryRun": true });
    assert_eq!(
        queue.tell("/items", &again),
        json!({ "Enqueued": 3, "AlreadyQueued": 0, "Raised": 0, "Failed": 3, "DryRun": true })
    );
    assert_eq!(errors(&queue), before);

    // By IDs, by destination and class, by study.
    let body = json!({ "IDs": [ids[0]], "To": "other" });
    assert_eq!(
        queue.tell("/errors/redirect", &body),
        json!({ "Redirected": 1 })
    );
    assert!(other.wait_for_acknowledged(1, queue::SOON));
    assert_eq!(queue.count("pacs", "Failure"), 5);

    scp.set_status(0);
    let body = json!({ "Destination": "pacs", "Class": "Rejected", "Study": study });
    assert_eq!(
        queue.tell("/errors/replay", &body),
        json!({ "Replayed": 2 })
    );
    assert!(scp.wait_for_acknowledged(2, queue::SOON));
    assert_eq!(
        queue.tell("/errors/purge", &json!({ "Class": "Busy" })),
        json!({ "Purged": 0 })
    );
    assert_eq!(
        queue.tell("/errors/purge", &json!({ "All": true })),
        json!({ "Purged": 3 })
    );
    assert_eq!(errors(&queue), Vec::<Value>::new());
    assert_eq!(scp.acknowledged_uids().len(), 2);
}

#[test]
fn everything_must_be_asked_for() {
    let (scp, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    let (queue, before) = refused(&scp, &other);
    let bodies = [
        json!({}),
        json!({ "All": false }),
        json!({ "DryRun": true }),
        json!({ "IDs": [] }),
        json!({ "IDs": null }),
        json!({ "Destination": null, "Study": null }),
        json!({ "All": "true" }),
        json!({ "All": true, "Study": "x" }),
        json!({ "Everything": true }),
        json!({ "IDs": ["1"] }),
        json!({ "OlderThanSeconds": -1 }),
        json!({ "AtMost": 5 }),
        json!({ "All": true, "AtMost": -1 }),
        json!({ "FailedBefore": "yesterday" }),
        json!({ "FailedBefore": 20261120 }),
        json!({ "Class": "rejected" }),
        json!([]),
        json!(null),
        json!("All"),
    ];
    for verb in ["replay", "purge", "redirect"] {
        for body in &bodies {
            let mut body = body.clone();
            if verb == "redirect" && body.is_object() {
                body["To"] = json!("other");
            }
            let answer = queue.post_json(&format!("/sendqueue/errors/{verb}"), &body);
            assert_eq!(answer.status, 400, "{verb} {body}: {}", answer.text());
        }
        let empty = queue.post(&format!("/sendqueue/errors/{verb}"), "");
        assert_eq!(empty.status, 400);
    }
    let unknown = json!({ "All": true, "To": "nowhere" });
    let answer = queue.post_json("/sendqueue/errors/redirect", &unknown);
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert_eq!(
        queue.tell("/errors/purge", &json!({ "OlderThanSeconds": 3600 })),
        json!({ "Purged": 0 })
    );
    assert_eq!(errors(&queue), before);
}

/// What fails after one was asked is not what one was asked about.
#[test]
fn what_failed_since_a_time_is_left_alone() {
    let (scp, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    let (queue, before) = refused(&scp, &other);
    let time = queue.ask("")["Time"].clone();
    let mut filter = json!({ "FailedBefore": time, "DryRun": true });
    let purged = |count| json!({ "Purged": count, "DryRun": true });
    assert_eq!(queue.tell("/errors/purge", &filter), purged(before.len()));
    queue.store_all(&Study::new(1, 2).seed(77).build());
    queue.wait_for("pacs", "Failure", 8);
    assert_eq!(queue.tell("/errors/purge", &filter), purged(before.len()));
    // Both bounds hold.
    filter["OlderThanSeconds"] = json!(3600);
    assert_eq!(queue.tell("/errors/purge", &filter), purged(0));
    let first = before[0]["CompletionTime"].clone();
    let none = json!({ "FailedBefore": first, "IDs": [before[0]["ID"]] });
    let done = queue.tell("/errors/purge", &none);
    assert_eq!(done, json!({ "Purged": 0 }));
    let filter = json!({ "FailedBefore": time, "Destination": "pacs" });
    let done = queue.tell("/errors/purge", &filter);
    assert_eq!(done, json!({ "Purged": before.len() }));
    assert_eq!(errors(&queue).len(), 2);
}

/// Whoever counted first changes no more than that, nor a part of it; of the error queue and of what waits.
#[test]
fn where_more_fit_than_were_counted_nothing_is_changed() {
    let (scp, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    let (queue, before) = refused(&scp, &other);
    let counted = before.len();
    let refuses = |path: &str, body: &Value| {
        let answer = queue.post_json(&format!("/sendqueue{path}"), body);
        assert_eq!(answer.status, 409, "{path}: {}", answer.text());
        let details = answer.json()["Details"].to_string();
        assert!(
            details.contains(&format!("{counted} items fit")),
            "{details}"
        );
    };
    let few = json!({ "Destination": "pacs", "AtMost": counted - 1, "To": "other" });
    let mut only = few.clone();
    only.as_object_mut().unwrap().remove("To");
    refuses("/errors/replay", &only);
    refuses("/errors/purge", &only);
    refuses("/errors/redirect", &few);
    assert_eq!(errors(&queue), before);
    // To count is always allowed.
    let dry = json!({ "All": true, "AtMost": 0, "DryRun": true });
    assert_eq!(
        queue.tell("/errors/purge", &dry),
        json!({ "Purged": counted, "DryRun": true })
    );
    queue.tell("/destinations/pacs/pause", &json!({}));
    let enough = json!({ "Destination": "pacs", "AtMost": counted });
    let replayed = queue.tell("/errors/replay", &enough);
    assert_eq!(replayed, json!({ "Replayed": counted }));
    // They were made long ago, and wait only since now.
    let mut priority = only.clone();
    priority["Priority"] = json!("Stat");
    refuses("/items/cancel", &only);
    refuses("/items/remove", &only);
    refuses("/items/send-now", &only);
    refuses("/items/redirect", &few);
    refuses("/items/priority", &priority);
    assert_eq!(queue.count("pacs", "Pending"), counted as u64);
    // Each request is told by itself, however soon after another of its kind; items that are named one by one are not.
    for priority in ["High", "Low", "High"] {
        let body = json!({ "Destination": "pacs", "Priority": priority });
        assert_eq!(queue.tell("/items/priority", &body)["Changed"], counted);
    }
    for item in &before[1..] {
        queue.tell(&format!("/items/{}/cancel", item["ID"]), &json!({}));
    }
    let cancelled = queue.tell("/items/cancel", &enough);
    assert_eq!(cancelled["Cancelled"], 1);
    let told = |event: &str| -> Vec<Value> {
        let told = queue.ask(&format!("/journal?event={event}"));
        let told = told.as_array().unwrap().iter();
        told.map(|one| json!([one["Details"], one["Count"]]))
            .collect()
    };
    let all = |priority: &str| json!([priority, counted]);
    assert_eq!(
        told("PriorityChanged"),
        [all("High"), all("Low"), all("High")]
    );
    assert_eq!(
        told("Cancelled"),
        [json!([null, counted - 1]), json!([null, 1])]
    );
}

#[test]
fn the_summary_counts_by_destination_class_and_status() {
    let (scp, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    let (queue, before) = refused(&scp, &other);
    let summary = queue.ask("/errors/summary");
    assert_eq!(summary.as_array().unwrap().len(), 1);
    assert_eq!(summary[0]["Destination"], "pacs");
    assert_eq!(summary[0]["Class"], "Rejected");
    assert_eq!(summary[0]["Status"], 0xC000);
    assert_eq!(summary[0]["Count"], 6);
    assert!(summary[0]["Example"].as_str().unwrap().contains("0xC000"));
    assert!(summary[0]["Oldest"].as_str().unwrap() <= summary[0]["Newest"].as_str().unwrap());
    // A cancelled item is not in it.
    let id = before[0]["ID"].as_i64().unwrap();
    let answer = queue.post_json(&format!("/sendqueue/items/{id}/cancel"), &json!({}));
    assert_eq!(answer.status, 409, "{}", answer.text());
}
