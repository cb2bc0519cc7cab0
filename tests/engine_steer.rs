//! Steering what is sent, when and how fast: windows, send-now, cancelling what runs, priorities, reserved
//! associations, the throttle, and what of it survives a restart.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::scp::Event;
use sendqueue_testkit::{Association, FaultScp, Instance, Kind, OrthancConfig, Respond, Study};
use serde_json::{Value, json};

/// Hour of the day in UTC.
fn utc_hour() -> u64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_secs() / 3600 % 24
}

fn window(from_hour: u64, hours: u64) -> String {
    // Midnight as an end is 24:00.
    let end = (from_hour + hours - 1) % 24 + 1;
    format!("{:02}:00-{end:02}:00", from_hour % 24)
}

fn uids(instances: &[Instance]) -> Vec<String> {
    instances
        .iter()
        .map(|instance| instance.sop_instance_uid.clone())
        .collect()
}

/// Nothing by rules: tests enqueue what they want.
fn by_hand(scp: &FaultScp, settings: Value) -> OrthancConfig {
    queue::config_for(&[scp])
        .set("/SendQueue/Rules", json!([]))
        .set("/SendQueue/Defaults", settings)
        .set("DicomScuTimeout", 60)
}

/// Stores instances and answers their study's identifier.
fn store_study(queue: &Queue, instances: &[Instance]) -> String {
    let ids = queue.store_all(instances);
    let study = queue.get(&format!("/instances/{}/study", ids[0])).json();
    study["ID"].as_str().unwrap().to_owned()
}

fn enqueue(queue: &Queue, study: &str, priority: &str) {
    let answer = queue.tell(
        "/items",
        &json!({ "Resources": [study], "Destinations": ["pacs"], "Priority": priority }),
    );
    assert!(answer["Enqueued"].as_u64().unwrap() > 0, "{answer}");
}

/// Orthanc runs seven hours east of Greenwich: windows are local times.
#[test]
fn a_closed_window_holds_everything_but_what_is_sent_now() {
    const EAST: u64 = 7;
    let (closed, utc, open) = (
        FaultScp::start("CLOSED"),
        FaultScp::start("UTCOPEN"),
        FaultScp::start("OPEN"),
    );
    let hour = utc_hour();
    let config = queue::config_for(&[&closed, &utc, &open])
        .env("TZ", "XYZ-7")
        .set(
            "/SendQueue/Destinations",
            json!({
                "closed": { "Windows": [window(hour + EAST + 2, 1)] },
                // Open if the times were taken for UTC.
                "utcopen": { "Windows": [window(hour + 23, 3)] },
                "open": { "Windows": [window(hour + EAST + 23, 3)] }
            }),
        );
    let mut queue = Queue::start(config);
    let instances = Study::new(1, 6).build();
    queue.store_all(&instances);
    queue.wait_for("open", "Success", 6);
    for name in ["closed", "utcopen"] {
        assert_eq!(queue.count(name, "Pending"), 6, "{name}");
        let shown = queue.ask(&format!("/destinations/{name}"));
        assert_eq!(shown["State"], "OutsideWindow", "{shown:#}");
    }
    let shown = queue.ask("/destinations/open");
    assert_eq!(shown["State"], "Ready", "{shown:#}");
    assert!(shown["NextWindow"].is_null(), "{shown:#}");
    let shown = queue.ask("/destinations/closed");
    let opens = shown["NextWindow"].as_str().unwrap();
    let expected = format!("T{:02}0000.000000", (hour + 2) % 24);
    assert!(opens.ends_with(&expected), "{opens} {expected}");
    assert_eq!(utc.counters().requested, 0);

    let chosen = queue.by_uid("closed")[&instances[3].sop_instance_uid].clone();
    let id = chosen["ID"].as_i64().unwrap();
    queue.tell(&format!("/items/{id}/send-now"), &json!({}));
    queue.wait_for("closed", "Success", 1);
    assert_eq!(queue.item(id)["State"], "Success");
    assert_eq!(queue.count("closed", "Pending"), 5);
    assert_eq!(queue.ask("/destinations/closed")["State"], "OutsideWindow");

    // New arrivals and a restart open no window.
    queue.restart().unwrap();
    queue.store_all(&Study::new(1, 2).seed(2).build());
    queue.wait_for("open", "Success", 8);
    assert_eq!(queue.count("closed", "Pending"), 7);
    assert_eq!(
        closed.unique_uids().into_iter().collect::<Vec<_>>(),
        [instances[3].sop_instance_uid.clone()]
    );
    assert_eq!(utc.counters().stores, 0);
}

/// The journal since yesterday, without times and identifiers.
fn journal(queue: &Queue) -> Vec<Value> {
    let mut journal = queue.ask("/journal?since=1d").as_array().unwrap().clone();
    let times: Vec<String> = journal
        .iter()
        .map(|entry| entry["Time"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted(), "{journal:#?}");
    for entry in &mut journal {
        let entry = entry.as_object_mut().unwrap();
        assert!(entry.remove("ID").unwrap().as_i64() > Some(0));
        assert!(entry.remove("Time").is_some());
    }
    journal
}

#[test]
fn a_pause_survives_a_kill_and_send_now_does_not_break_it() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    // Orthanc answers a moment before the queue is taken up, which is when the start is written.
    queue.wait_until(|| journal(&queue).len() == 1, SOON, "the start is written");
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 4).build());
    queue.wait_for("pacs", "Pending", 4);
    queue.kill9();
    queue.restart().unwrap();
    // Nobody's name: Orthanc checked none. What was told before the kill is there, and the end is missing.
    let sudden = json!({ "Event": "Started", "Details": "Orthanc had ended suddenly" });
    let paused = json!({ "Event": "Paused", "Destination": "pacs" });
    let expected = [json!({ "Event": "Started" }), paused, sudden];
    queue.wait_until(|| journal(&queue).len() == 3, SOON, "the queue is taken up");
    assert_eq!(journal(&queue), expected);
    assert_eq!(queue.ask("/destinations/pacs")["State"], "Paused");
    queue.store_all(&Study::new(1, 1).seed(2).build());
    queue.wait_for("pacs", "Pending", 5);
    assert_eq!(scp.counters().requested, 0);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 5);
    queue.restart().unwrap();
    assert_eq!(queue.ask("/destinations/pacs")["State"], "Ready");
}

/// What is found at the start, quiet periods that ended meanwhile, must not wake a destination that is paused.
#[test]
fn a_pause_survives_a_restart_that_brings_work() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(
        queue::config_for(&[&scp]).set("/SendQueue/Defaults", json!({ "QuietSeconds": 2 })),
    );
    queue.tell("/destinations/pacs/pause", &json!({}));
    for round in 1..=3 {
        queue.store_all(&Study::new(1, 4).build());
        queue.wait_for("pacs", "Scheduled", 4);
        queue.kill9();
        std::thread::sleep(Duration::from_millis(2200));
        queue.restart().unwrap();
        queue.wait_for("pacs", "Pending", 4 * round);
        let shown = queue.ask("/destinations/pacs");
        assert_eq!(shown["State"], "Paused", "{shown:#}");
        assert_eq!(shown["Counts"]["Pending"], 4 * round, "{shown:#}");
        assert_eq!(scp.counters().requested, 0);
    }
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 12);
}

#[test]
fn an_outage_survives_a_restart() {
    let scp = FaultScp::start("PACS");
    scp.stop();
    let mut queue = Queue::start(queue::config_for(&[&scp]).set("DicomScuTimeout", 60));
    queue.store_all(&Study::new(1, 5).build());
    // What is not queued yet is queued after the restart, later than it is looked at here.
    queue.wait_for("pacs", "Pending", 5);
    // The error is the last thing that is written about it.
    queue.wait_until(
        || queue.ask("/destinations/pacs")["LastError"]["Class"] == "Unreachable",
        SOON,
        "the outage shows",
    );
    let since = queue.ask("/destinations/pacs")["UnreachableSince"].clone();
    queue.kill9();
    // It answers nothing now, so that the first probe has no end: only memory can say that it is away.
    scp.set_association(Association::HangBeforeAccept);
    scp.restart();
    queue.restart().unwrap();
    let shown = queue.ask("/destinations/pacs");
    assert_eq!(shown["State"], "Unreachable", "{shown:#}");
    assert_eq!(shown["UnreachableSince"], since, "{shown:#}");
    assert_eq!(shown["Outages"], 1, "{shown:#}");
    assert_eq!(shown["Counts"]["Pending"], 5, "{shown:#}");
    assert!(scp.wait_for(|counters| counters.requested >= 1, SOON));
    // Arrivals make no more of them.
    queue.store_all(&Study::new(1, 3).seed(2).build());
    queue.wait_for("pacs", "Pending", 8);
    assert_eq!(scp.counters().requested, 1);
    assert_eq!(scp.counters().stores, 0);

    // How often it was asked with a C-ECHO before its first store.
    let echoes = Arc::new(Mutex::new((0, None)));
    let seen = echoes.clone();
    scp.on_event(move |event| {
        let mut seen = seen.lock().unwrap();
        match event {
            Event::Echo { .. } => seen.0 += 1,
            Event::Received(_) if seen.1.is_none() => seen.1 = Some(seen.0),
            _ => {}
        }
    });
    // The probe ends with it; the next one finds nobody, and the one after that an answer.
    let probe = queue.ask("/destinations/pacs")["NextProbe"].clone();
    scp.stop();
    queue.wait_until(
        || queue.ask("/destinations/pacs")["NextProbe"] != probe,
        SOON,
        "the probe failed",
    );
    scp.set_association(Association::Accept);
    scp.restart();
    queue.wait_for("pacs", "Success", 8);
    let (_, before_first_store) = *echoes.lock().unwrap();
    assert!(before_first_store.is_some_and(|count| count >= 1));
    assert_eq!(scp.counters().stores, 8);
    let shown = queue.ask("/destinations/pacs");
    assert_eq!(shown["State"], "Ready", "{shown:#}");
    assert_eq!(shown["Outages"], 1, "{shown:#}");
    for item in queue.items("destination=pacs") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
    // Its end is remembered too.
    scp.set_association(Association::HangBeforeAccept);
    queue.kill9();
    queue.restart().unwrap();
    let shown = queue.ask("/destinations/pacs");
    assert_eq!(shown["State"], "Ready", "{shown:#}");
    assert_eq!(shown["Outages"], 1, "{shown:#}");
}

#[test]
fn a_cancelled_item_of_a_running_batch_is_not_sent() {
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(700), 0));
    let queue = Queue::start(
        queue::config_for(&[&scp])
            .set("DicomScuTimeout", 60)
            .set("/SendQueue/Defaults", json!({ "Associations": 1 })),
    );
    queue.tell("/destinations/pacs/pause", &json!({}));
    let instances = Study::new(1, 10).build();
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 10);
    queue.tell("/destinations/pacs/resume", &json!({}));
    assert!(scp.wait_for_stores(2, SOON));
    let by_uid = queue.by_uid("pacs");
    let mut expected: Vec<String> = uids(&instances);
    let mut cancelled = Vec::new();
    for at in [6, 8] {
        let uid = &instances[at].sop_instance_uid;
        assert_eq!(by_uid[uid]["State"], "Running");
        let id = by_uid[uid]["ID"].as_i64().unwrap();
        let answer = queue.tell(&format!("/items/{id}/cancel"), &json!({}));
        assert_eq!(answer["State"], "Cancelled", "{answer:#}");
        expected.retain(|other| other != uid);
        cancelled.push((id, uid.clone()));
    }
    queue.wait_for_rest(10);
    assert_eq!(queue.count("pacs", "Success"), 8);
    for (id, uid) in &cancelled {
        assert_eq!(scp.count_of(uid), 0, "{uid}");
        let item = queue.item(*id);
        assert_eq!(item["State"], "Cancelled", "{item:#}");
        assert_eq!(item["AttemptCount"], 0, "{item:#}");
    }
    let stores = scp.stores();
    assert_eq!(stores.len(), 8, "nothing twice\n{}", queue.log());
    assert!(stores.iter().all(|store| store.acknowledged()));
    expected.sort();
    assert_eq!(
        scp.acknowledged_uids().into_iter().collect::<Vec<_>>(),
        expected
    );
    for item in queue.items("state=Success") {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
    }
    // A person may change their mind.
    let (id, uid) = &cancelled[0];
    queue.tell(&format!("/items/{id}/replay"), &json!({}));
    queue.wait_for("pacs", "Success", 9);
    assert_eq!(scp.count_of(uid), 1);
}

/// The one under way cannot be called back; it and the others are sent once.
#[test]
fn cancelling_the_one_in_flight_sends_nothing_twice() {
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(700), 0));
    let queue = Queue::start(
        queue::config_for(&[&scp])
            .set("DicomScuTimeout", 60)
            .set("/SendQueue/Defaults", json!({ "Associations": 1 })),
    );
    queue.tell("/destinations/pacs/pause", &json!({}));
    let instances = Study::new(1, 8).build();
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 8);
    queue.tell("/destinations/pacs/resume", &json!({}));
    assert!(scp.wait_for_stores(3, SOON));
    let uid = scp.stores()[2].sop_instance_uid.clone();
    let id = queue.by_uid("pacs")[&uid]["ID"].as_i64().unwrap();
    let answer = queue.tell(&format!("/items/{id}/cancel"), &json!({}));
    assert_eq!(answer["State"], "Cancelled", "{answer:#}");
    queue.wait_for_rest(8);
    for instance in &instances {
        let uid = &instance.sop_instance_uid;
        assert_eq!(scp.count_of(uid), 1, "{uid}\n{}", queue.log());
    }
    assert_eq!(queue.item(id)["State"], "Cancelled");
    assert_eq!(queue.count("pacs", "Success"), 7);
    assert_eq!(queue.count("pacs", "Failure"), 0);
}

#[test]
fn a_stat_study_overtakes_within_one_batch() {
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(50), 0));
    let queue = Queue::start(by_hand(&scp, json!({ "Associations": 1, "BatchSize": 10 })));
    let urgent_instances = Study::new(1, 5).seed(100).build();
    let urgent = store_study(&queue, &urgent_instances);
    let studies: Vec<String> = (0..4)
        .map(|seed| store_study(&queue, &Study::new(1, 20).seed(seed).build()))
        .collect();
    for study in &studies {
        enqueue(&queue, study, "Medium");
    }
    assert!(scp.wait_for_stores(12, SOON));
    enqueue(&queue, &urgent, "Stat");
    let before = scp.counters().stores;
    assert!(before < 60, "the queue was empty already: {before}");
    queue.wait_for("pacs", "Success", 85);
    let urgent = uids(&urgent_instances);
    let places: Vec<usize> = scp
        .stores()
        .iter()
        .enumerate()
        .filter(|(_, store)| urgent.contains(&store.sop_instance_uid))
        .map(|(place, _)| place)
        .collect();
    println!("{before} stores before the urgent study, which came at {places:?}");
    assert_eq!(places.len(), 5);
    assert!(places[0] <= before + 10, "{before} {places:?}");
    assert_eq!(places[4], places[0] + 4, "{places:?}");
    assert_eq!(scp.counters().stores, 85);
}

#[test]
fn a_stream_of_stat_does_not_starve_low() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(by_hand(&scp, json!({ "Associations": 1, "BatchSize": 5 })));
    queue.tell("/destinations/pacs/pause", &json!({}));
    let low_instances = Study::new(1, 10).seed(500).build();
    let low = store_study(&queue, &low_instances);
    enqueue(&queue, &low, "Low");
    for seed in 0..40 {
        let urgent = store_study(&queue, &Study::new(1, 5).seed(seed).build());
        enqueue(&queue, &urgent, "Stat");
    }
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 210);
    let low = uids(&low_instances);
    let places: Vec<usize> = scp
        .stores()
        .iter()
        .enumerate()
        .filter(|(_, store)| low.contains(&store.sop_instance_uid))
        .map(|(place, _)| place)
        .collect();
    println!("Low came at {places:?} of 210");
    assert!(places[0] >= 5, "Stat goes first: {places:?}");
    assert!(places[9] < 130, "Low waited for the end: {places:?}");
}

#[test]
fn a_reserved_association_is_free_for_stat() {
    let scp = FaultScp::start("PACS");
    let urgent_instances = Study::new(1, 3).seed(100).build();
    let urgent_uids = uids(&urgent_instances);
    let fast = urgent_uids.clone();
    scp.on_store(move |store| {
        if fast.contains(&store.sop_instance_uid) {
            Respond::Status(0)
        } else {
            Respond::Delay(Duration::from_millis(400), 0)
        }
    });
    let queue = Queue::start(
        by_hand(
            &scp,
            json!({ "Associations": 3, "ReservedAssociations": 1, "BatchSize": 20 }),
        )
        .set("ConcurrentJobs", 8),
    );
    let urgent = store_study(&queue, &urgent_instances);
    for seed in 0..2 {
        let study = store_study(&queue, &Study::new(1, 30).seed(seed).build());
        enqueue(&queue, &study, "Medium");
    }
    // Both associations for everything have just begun a batch.
    queue.wait_until(
        || queue.count("pacs", "Running") > 10,
        SOON,
        "two batches are under way",
    );
    // Ten at a time each.
    assert!(
        queue.count("pacs", "Running") <= 20,
        "the third is reserved"
    );
    enqueue(&queue, &urgent, "Stat");
    let before = scp.counters().stores;
    let arrived = |scp: &FaultScp| {
        let all = scp.acknowledged_uids();
        urgent_uids.iter().all(|uid| all.contains(uid))
    };
    queue.wait_until(|| arrived(&scp), SOON, "the urgent study");
    let during = scp.counters().stores - before;
    println!(
        "{during} stores from the order until the urgent study had arrived, of which 3 are its own"
    );
    assert!(during <= 13, "it waited for a batch: {during}");
    assert!(scp.counters().max_open <= 4, "{:?}", scp.counters());
    queue.wait_for("pacs", "Success", 63);
}

/// Over all associations together.
#[test]
fn bytes_per_second() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]).set("ConcurrentJobs", 8).set(
        "/SendQueue/Defaults",
        json!({ "Associations": 4, "MaxBytesPerSecond": 100_000 }),
    ));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 20).kind(Kind::Bytes(50_000)).build());
    queue.wait_for("pacs", "Pending", 20);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 20);
    let stores = scp.stores();
    assert_eq!(stores.len(), 20);
    let first = stores.iter().map(|store| store.received).min().unwrap();
    let last = stores.iter().map(|store| store.received).max().unwrap();
    let took = last.duration_since(first);
    println!("20 x 50 KB at 100 KB/s: {took:?} from the first to the last");
    assert!(took >= Duration::from_secs(8), "{took:?}");
}

/// The smallest budget, and instances that are larger than it: they go one at a time, and all of them.
#[test]
fn a_small_memory_budget_stops_nothing() {
    let (one, two) = (FaultScp::start("ONE"), FaultScp::start("TWO"));
    let queue = Queue::start(
        queue::config_for(&[&one, &two])
            .set("ConcurrentJobs", 8)
            .set("/SendQueue/MaxMemoryMB", 1)
            .set("/SendQueue/Defaults", json!({ "Associations": 4 })),
    );
    let mut all = Study::new(1, 4).kind(Kind::Bytes(3_000_000)).build();
    all.extend(Study::new(1, 20).seed(2).kind(Kind::Bytes(400_000)).build());
    queue.store_all(&all);
    queue.wait_for_rest(48);
    for scp in [&one, &two] {
        // The receiver notes an answer after it was written.
        assert!(scp.wait_for_acknowledged(24, SOON));
        assert_eq!(scp.counters().stores, 24);
    }
}
