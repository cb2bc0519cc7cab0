//! G1 and G8: while the queue's own database cannot be written, Orthanc goes on receiving and `health` says why; then
//! all is caught up.

use std::path::Path;
use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancConfig, SmallDisk, Study, poll};
use serde_json::{Value, json};

fn health(queue: &Queue) -> (u16, Value) {
    let answer = queue.get("/sendqueue/health");
    (answer.status, answer.json())
}

/// Waits until health complains that arrivals cannot be queued, for a reason that has this text.
#[track_caller]
fn wait_for_complaint(queue: &Queue, text: &str) {
    let mut last = None;
    let complains = poll(
        || {
            let (status, body) = health(queue);
            let problems = body["Problems"].as_array().cloned().unwrap_or_default();
            let found = problems.iter().any(|problem| {
                problem["Part"] == "Reconciliation"
                    && problem["Details"]
                        .as_str()
                        .unwrap_or_default()
                        .contains(text)
            });
            last = Some(body);
            status == 503 && found
        },
        SOON,
    );
    assert!(
        complains,
        "no complaint about {text}: {last:?}\n{}",
        queue.log()
    );
}

#[track_caller]
fn wait_for_health(queue: &Queue) {
    queue.wait_until(|| health(queue).0 == 200, SOON, "health is well again");
}

#[test]
fn locked_by_another_process() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    let before = Study::new(1, 5).seed(1).build();
    queue.store_all(&before);
    queue.wait_for_rest(5);
    wait_for_health(&queue);

    let file = queue.data_dir().join("index").join("sendqueue.db");
    let other = rusqlite::Connection::open(file).unwrap();
    other.busy_timeout(SOON).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let meanwhile = Study::new(3, 20).seed(2).build();
    queue.store_all(&meanwhile);
    wait_for_complaint(&queue, "locked");
    assert_eq!(
        scp.counters().stores,
        5,
        "nothing is sent that is not in the queue"
    );
    other.execute_batch("ROLLBACK").unwrap();

    queue.wait_for_rest(65);
    assert_eq!(scp.counters().stores, 65);
    assert_eq!(scp.acknowledged_uids().len(), 65);
    wait_for_health(&queue);
    let told = queue.log().matches("arrivals cannot be queued").count();
    assert_eq!(told, 1, "told once:\n{}", queue.log());
}

fn small_disk(path: &Path, size: &str) -> SmallDisk {
    let disk = SmallDisk::mount(path, size);
    disk.expect("a full disk needs a small disk: run this test as root")
}

#[test]
fn the_disk_is_full() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(OrthancConfig::new());
    let folder = queue.data_dir().join("small");
    let disk = small_disk(&folder, "24m");
    let database = queue.inside(&folder.join("queue.db"));
    let config = queue::config_for(&[&scp]).set("/SendQueue/Database", database);
    queue.restart_with(config).unwrap();
    let mut stored = Study::new(1, 5).seed(1).build();
    queue.store_all(&stored);
    queue.wait_for_rest(5);

    disk.fill();
    // What is there of the database's log is used up first.
    let mut more = Study::new(10, 60).seed(2).build().into_iter();
    let mut is_full = || {
        disk.fill();
        for instance in more.by_ref().take(10) {
            queue.store(&instance.bytes);
            stored.push(instance);
        }
        health(&queue).0 == 503
    };
    assert!(
        poll(&mut is_full, SOON),
        "the disk never became full:\n{}",
        queue.log()
    );
    let meanwhile = Study::new(2, 20).seed(3).build();
    queue.store_all(&meanwhile);
    stored.extend(meanwhile);
    wait_for_complaint(&queue, "full");

    // Not even a crash loses them.
    queue.kill9();
    disk.free();
    queue.restart().unwrap();
    let all = stored.len();
    assert!(
        scp.wait_for_acknowledged(all, SOON),
        "{all} were stored:\n{}",
        queue.log()
    );
    queue.wait_for_rest(all as u64);
    wait_for_health(&queue);
    let stores = scp.counters().stores;
    println!("{all} stored, {stores} sent");
}

/// The same without a crash: each arrives once, it is told once, and what a person asks for is done meanwhile.
#[test]
fn the_disk_is_full_for_a_while() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(OrthancConfig::new());
    let folder = queue.data_dir().join("small");
    let disk = small_disk(&folder, "24m");
    let database = queue.inside(&folder.join("queue.db"));
    let config = queue::config_for(&[&scp])
        .modality("other", "OTHER", scp.port())
        .set("/SendQueue/Database", database)
        .set("/SendQueue/Defaults/Associations", 16);
    queue.restart_with(config).unwrap();
    let nothing = serde_json::json!({});
    queue.tell("/destinations/other/pause", &nothing);
    let few = Study::new(1, 2).seed(5).build();
    queue.store_all(&few);
    queue.wait_for_rest(2);
    let study = queue.items("")[0]["Study"].clone();
    queue.tell(
        "/items",
        &serde_json::json!({ "Resources": [study], "Destinations": ["other"] }),
    );
    disk.fill();
    let mut more = Study::new(20, 60).seed(4).build().into_iter();
    let mut all = 2;
    let mut is_full = || {
        disk.fill();
        for instance in more.by_ref().take(10) {
            queue.store(&instance.bytes);
            all += 1;
        }
        health(&queue).0 == 503
    };
    assert!(
        poll(&mut is_full, SOON),
        "the disk never became full:\n{}",
        queue.log()
    );
    wait_for_complaint(&queue, "full");
    let problems = health(&queue).1["Problems"].clone();
    assert!(
        problems
            .as_array()
            .unwrap()
            .iter()
            .any(|problem| problem["Part"] == "Database"),
        "{problems}"
    );
    for item in queue.items("destination=other") {
        queue.tell(&format!("/items/{}/cancel", item["ID"]), &nothing);
        queue.tell("/destinations/pacs/pause", &nothing);
        queue.tell("/destinations/pacs/resume", &nothing);
    }
    disk.free();
    queue.wait_for_rest(all + 2);
    wait_for_health(&queue);
    assert_eq!(scp.acknowledged_uids().len() as u64, all);
    assert_eq!(scp.counters().stores as u64, all);
    // The writes are tried again each second.
    assert!(scp.wait_for_acknowledged(all as usize, Duration::ZERO));
    for line in ["queue cannot be worked on", "queue can be worked on again"] {
        let told = queue.log().matches(line).count();
        assert_eq!(told, 1, "{line}: told once:\n{}", queue.log());
    }
    let told = queue.log_errors().len();
    assert!(
        told <= 4,
        "{told} lines:\n{}",
        queue.log_errors().join("\n")
    );
}

/// What a person does to very many items stops where there is no room; what was done is done, and the rest is done by
/// asking again.
#[test]
fn the_disk_becomes_full_amid_a_bulk_verb() {
    const ITEMS: u64 = 6_000;
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(OrthancConfig::new());
    let folder = queue.data_dir().join("small");
    let disk = small_disk(&folder, "96m");
    let database = queue.inside(&folder.join("queue.db"));
    let config = queue::config_for(&[&scp]).set("/SendQueue/Database", database);
    queue.restart_with(config).unwrap();
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 1).seed(7).build());
    queue.wait_for("pacs", "Pending", 1);
    queue.stop().unwrap();
    let items = rusqlite::Connection::open(folder.join("queue.db")).unwrap();
    items.execute(queue::MULTIPLY, [ITEMS as i64 - 1]).unwrap();
    drop(items);
    queue.restart().unwrap();
    let body = |dry_run| json!({ "Destination": "pacs", "DryRun": dry_run });
    let answer = std::thread::scope(|scope| {
        let answer = scope.spawn(|| queue.post_json("/sendqueue/items/cancel", &body(false)));
        let is_begun = || queue.count("pacs", "Cancelled") > 0 || answer.is_finished();
        assert!(poll(is_begun, SOON), "{}", queue.log());
        // What the queue gives back, and the room that it keeps, is taken too.
        while !answer.is_finished() {
            disk.fill();
        }
        answer.join().unwrap()
    });
    let done = queue.count("pacs", "Cancelled");
    println!("{} with {done} of {ITEMS}", answer.status);
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("full"), "{}", answer.text());
    assert!(done < ITEMS);
    let left = ITEMS - done;
    assert_eq!(queue.count("pacs", "Pending"), left, "none is lost");
    assert_eq!(queue.tell("/items/cancel", &body(true))["Cancelled"], left);
    disk.free();
    assert_eq!(queue.tell("/items/cancel", &body(false))["Cancelled"], left);
    assert_eq!(queue.count("pacs", "Cancelled"), ITEMS);
    let told = queue.ask("/journal?event=Cancelled");
    let told = told.as_array().unwrap().iter();
    let told: u64 = told.map(|entry| entry["Count"].as_u64().unwrap()).sum();
    assert!(told >= left && told <= ITEMS, "{told}");
    wait_for_health(&queue);
}

/// Nothing but the queue itself fills this disk: its log takes the last room before the database has grown.
#[test]
fn the_log_takes_the_last_room() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(OrthancConfig::new());
    let folder = queue.data_dir().join("small");
    let _disk = small_disk(&folder, "2m");
    let database = queue.inside(&folder.join("queue.db"));
    let config = queue::config_for(&[&scp]).set("/SendQueue/Database", database);
    queue.restart_with(config).unwrap();
    queue.store_all(&Study::new(3, 20).seed(6).build());
    queue.wait_for_rest(60);
    assert_eq!(scp.acknowledged_uids().len(), 60);
    assert_eq!(scp.counters().stores, 60, "none is sent twice");
    wait_for_health(&queue);
}
