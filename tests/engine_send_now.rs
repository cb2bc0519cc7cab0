//! A person wants all that waits for a destination sent now: `POST /sendqueue/destinations/{name}/send-now`.

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, Respond, Study};
use serde_json::{Value, json};

/// A window that is closed now, and for longer than a test takes: it opens in two hours for one.
fn closed() -> Value {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let hour = since.as_secs() / 3600 % 24;
    // Midnight as an end is 24:00.
    json!([format!(
        "{:02}:00-{:02}:00",
        (hour + 2) % 24,
        (hour + 2) % 24 + 1
    )])
}

fn send_now(queue: &Queue, name: &str) -> Value {
    let shown = queue.tell(&format!("/destinations/{name}/send-now"), &json!({}));
    assert_eq!(shown["Name"], name, "{shown:#}");
    for state in ["Scheduled", "Retry"] {
        assert_eq!(shown["Counts"][state], 0, "{shown:#}");
    }
    shown
}

fn each_once(scp: &FaultScp, instances: &[Instance]) {
    for instance in instances {
        let uid = &instance.sop_instance_uid;
        assert_eq!(scp.count_of(uid), 1, "{uid}");
    }
    assert_eq!(scp.counters().stores, instances.len());
}

/// A click where nothing waits opens no window for what comes later.
#[test]
fn nothing_is_let_through_where_nothing_waited() {
    let night = FaultScp::start("NIGHT");
    let config = queue::config_for(&[&night])
        .env("TZ", "UTC")
        .set("/SendQueue/Defaults", json!({ "Windows": closed() }));
    let queue = Queue::start(config);
    queue.tell("/destinations/night/pause", &json!({}));
    let shown = send_now(&queue, "night");
    assert!(shown["NextWindow"].is_string(), "{shown:#}");
    queue.store_all(&Study::new(1, 2).build());
    queue.wait_for("night", "Pending", 2);
    let shown = queue.tell("/destinations/night/resume", &json!({}));
    assert_eq!(shown["State"], "OutsideWindow", "{shown:#}");
    // Now something does.
    queue.tell("/destinations/night/pause", &json!({}));
    assert!(send_now(&queue, "night")["NextWindow"].is_null());
    queue.tell("/destinations/night/resume", &json!({}));
    queue.wait_for("night", "Success", 2);
}

#[test]
fn a_closed_window_is_let_through_until_the_queue_is_empty() {
    let (night, other) = (FaultScp::start("NIGHT"), FaultScp::start("OTHER"));
    let config = queue::config_for(&[&night, &other])
        .env("TZ", "UTC")
        .set("DicomScuTimeout", 60)
        .set(
            "/SendQueue/Defaults",
            json!({ "Windows": closed(), "BatchSize": 5 }),
        );
    let queue = Queue::start(config);
    let instances = Study::new(2, 10).build();
    queue.store_all(&instances);
    for name in ["night", "other"] {
        queue.wait_for(name, "Pending", 20);
        let shown = queue.ask(&format!("/destinations/{name}"));
        assert_eq!(shown["State"], "OutsideWindow", "{shown:#}");
    }
    send_now(&queue, "night");
    queue.wait_for("night", "Success", 20);
    each_once(&night, &instances);
    // It holds again, for what comes now.
    let held = || queue.ask("/destinations/night")["State"] == "OutsideWindow";
    queue.wait_until(held, SOON, "the window holds again");
    queue.store_all(&Study::new(1, 3).seed(2).build());
    for (name, pending) in [("night", 3), ("other", 23)] {
        queue.wait_for(name, "Pending", pending);
        let shown = queue.ask(&format!("/destinations/{name}"));
        assert_eq!(shown["State"], "OutsideWindow", "{shown:#}");
        assert!(shown["NextWindow"].is_string(), "{shown:#}");
    }
    assert_eq!(night.counters().stores, 20);
    assert_eq!(other.counters().requested, 0);
}

#[test]
fn quiet_periods_and_retries_end_at_once() {
    let (quiet, busy) = (FaultScp::start("QUIET"), FaultScp::start("BUSY"));
    let config = queue::config_for(&[&quiet, &busy])
        .set("DicomScuTimeout", 60)
        .set(
            "/SendQueue/Destinations",
            json!({
                "quiet": { "QuietSeconds": 3600 },
                "busy": { "Retry": { "Delay": 3600, "MaxDelay": 3600 }, "Associations": 1 }
            }),
        );
    busy.set_store(Respond::Status(0xA700));
    let queue = Queue::start(config);
    let instances = Study::new(2, 4).build();
    queue.store_all(&instances);
    queue.wait_for("quiet", "Scheduled", 8);
    queue.wait_until(
        || queue.count("busy", "Retry") >= 1,
        SOON,
        "one of them waits for its retry",
    );
    let shown = send_now(&queue, "quiet");
    assert_eq!(shown["State"], "Ready", "{shown:#}");
    queue.wait_for("quiet", "Success", 8);
    each_once(&quiet, &instances);
    assert!(queue.count("busy", "Retry") >= 1, "another's matter");

    busy.set_store(Respond::Status(0));
    send_now(&queue, "busy");
    queue.wait_for("busy", "Success", 8);
    // What was tried before is not forgotten.
    let items = queue.items("destination=busy");
    assert!(items.iter().any(|item| item["AttemptCount"] == 2));
}

#[test]
fn an_outage_is_probed_at_once_and_a_pause_stays() {
    let scp = FaultScp::start("PACS");
    scp.stop();
    let queue = Queue::start(queue::config_for(&[&scp]));
    let instances = Study::new(1, 5).build();
    queue.store_all(&instances);
    let shown = || queue.ask("/destinations/pacs");
    queue.wait_until(
        || shown()["UnreachableSince"].is_string(),
        SOON,
        "the outage shows",
    );
    // Two probes that failed: the next one is some seconds away.
    for _ in 0..2 {
        let probe = shown()["NextProbe"].clone();
        queue.wait_until(|| shown()["NextProbe"] != probe, SOON, "the probe failed");
    }
    let before = shown()["NextProbe"].as_str().unwrap().to_owned();
    scp.restart();
    let answer = send_now(&queue, "pacs");
    let probe = answer["NextProbe"].as_str();
    assert!(probe.is_none_or(|probe| *probe < *before), "{answer:#}");
    queue.wait_for("pacs", "Success", 5);
    each_once(&scp, &instances);

    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 3).seed(2).build());
    queue.wait_for("pacs", "Pending", 3);
    let answer = send_now(&queue, "pacs");
    assert_eq!(answer["State"], "Paused", "{answer:#}");
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 8);
    assert_eq!(scp.counters().stores, 8);
}

#[test]
fn an_unknown_destination_is_not_found() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    let path = "/sendqueue/destinations/unknown/send-now";
    assert_eq!(queue.post_json(path, &json!({})).status, 404);
    let path = "/sendqueue/destinations/pacs/send-now";
    assert_eq!(queue.get(path).status, 405);
    let shown = send_now(&queue, "pacs");
    assert_eq!(shown["State"], "Ready", "{shown:#}");
}
