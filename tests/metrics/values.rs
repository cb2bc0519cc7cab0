//! The figures after each thing that can happen.

use std::collections::BTreeMap;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

use super::page::{Page, is_proper, promtool, scrape};

fn map(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect()
}

/// Files with a preamble and a size that Orthanc knows.
fn bytes(instances: &[sendqueue_testkit::Instance]) -> f64 {
    instances.iter().map(|one| one.bytes.len() as f64).sum()
}

#[track_caller]
fn delivered(page: &Page, destination: &str, count: f64) {
    let histogram = "sendqueue_delivery_duration_seconds";
    assert_eq!(page.of(&format!("{histogram}_count"), destination), count);
    let labels = [("destination", destination), ("le", "+Inf")];
    assert_eq!(page.get(&format!("{histogram}_bucket"), &labels), count);
    let sum = page.of(&format!("{histogram}_sum"), destination);
    assert_eq!(sum > 0.0, count > 0.0, "{sum}");
    // Cumulative: none is above the next.
    let buckets: Vec<f64> = page
        .samples
        .iter()
        .filter(|one| one.name == format!("{histogram}_bucket"))
        .filter(|one| one.labels["destination"] == destination)
        .map(|one| one.value)
        .collect();
    assert!(buckets.is_sorted(), "{buckets:?}");
}

#[test]
fn success_refusal_retry_replay_and_outage() {
    let good = FaultScp::start("GOOD");
    let rest = FaultScp::start("REST");
    let refuses = FaultScp::start("REFUSES");
    refuses.set_status(0xC000);
    let busy = FaultScp::start("BUSY");
    let instances = Study::new(1, 3).build();
    let first = instances[0].sop_instance_uid.clone();
    let times = std::sync::atomic::AtomicU32::new(0);
    busy.on_store(move |store| {
        let again = store.sop_instance_uid == first
            && times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2;
        Respond::Status(if again { 0xA700 } else { 0xB000 })
    });
    let away = FaultScp::start("AWAY");
    away.stop();
    let queue = Queue::start(
        queue::config_for(&[&good, &rest, &refuses, &busy, &away])
            .set("/SendQueue/Defaults/Retry", json!({ "Delay": 0 }))
            .set("/SendQueue/Destinations/rest/Transport", "Rest"),
    );
    // All is there before anything happened.
    let page = scrape(&queue);
    for name in ["good", "rest", "refuses", "busy", "away"] {
        assert_eq!(page.of("sendqueue_sent_total", name), 0.0);
        let labels = [("destination", name), ("class", "Rejected")];
        assert_eq!(page.get("sendqueue_failed_total", &labels), 0.0);
        assert_eq!(page.by("sendqueue_items", name, "state"), map(&[]));
    }
    // Nothing can be said before the first look.
    queue.wait_until(
        || scrape(&queue).find("sendqueue_unreconciled_changes", &[]) == Some(0.0),
        SOON,
        "Orthanc's changes are read to their end",
    );

    queue.store_all(&instances);
    for name in ["good", "rest", "busy"] {
        queue.wait_for(name, "Success", 3);
    }
    queue.wait_for("refuses", "Failure", 3);
    queue.wait_until(
        || scrape(&queue).of("sendqueue_destination_up", "away") == 0.0,
        SOON,
        "the outage shows",
    );
    let page = scrape(&queue);
    for name in ["good", "rest", "busy"] {
        assert_eq!(page.of("sendqueue_sent_total", name), 3.0, "{name}");
        let sent = page.of("sendqueue_sent_bytes_total", name);
        assert_eq!(sent, bytes(&instances), "{name}");
        delivered(&page, name, 3.0);
        let items = page.by("sendqueue_items", name, "state");
        assert_eq!(items, map(&[("Success", 3.0)]), "{name}");
        assert_eq!(page.of("sendqueue_destination_up", name), 1.0);
        assert_eq!(page.of("sendqueue_oldest_waiting_seconds", name), 0.0);
        assert_eq!(page.of("sendqueue_waiting_bytes", name), 0.0);
        let last = page.of("sendqueue_last_success_timestamp_seconds", name);
        assert!(last > 1.7e9, "{last}");
    }
    let attempts = |page: &Page, name| page.by("sendqueue_attempts_total", name, "class");
    assert_eq!(attempts(&page, "good"), map(&[("Success", 3.0)]));
    let expected = map(&[("Busy", 2.0), ("Warning", 3.0)]);
    assert_eq!(attempts(&page, "busy"), expected);
    assert_eq!(page.of("sendqueue_retries_total", "busy"), 2.0);
    assert_eq!(page.of("sendqueue_retries_total", "good"), 0.0);

    assert_eq!(page.of("sendqueue_sent_total", "refuses"), 0.0);
    assert_eq!(page.of("sendqueue_sent_bytes_total", "refuses"), 0.0);
    delivered(&page, "refuses", 0.0);
    assert_eq!(attempts(&page, "refuses"), map(&[("Rejected", 3.0)]));
    let failed = page.by("sendqueue_failed_total", "refuses", "class");
    assert_eq!(failed, map(&[("Rejected", 3.0)]));
    let failed = page.by("sendqueue_failed_total", "busy", "class");
    assert_eq!(failed, map(&[]));

    // An outage: of the destination, not of its items.
    assert_eq!(page.of("sendqueue_outages_total", "away"), 1.0);
    let state = page.by("sendqueue_destination_state", "away", "state");
    assert_eq!(state, map(&[("Unreachable", 1.0)]));
    let state = page.by("sendqueue_destination_state", "good", "state");
    assert_eq!(state, map(&[("Ready", 1.0)]));
    assert_eq!(
        page.of("sendqueue_waiting_bytes", "away"),
        bytes(&instances)
    );
    assert!(page.of("sendqueue_oldest_waiting_seconds", "away") > 0.0);
    let tried = attempts(&page, "away");
    assert!(tried.keys().eq(["Unreachable"]), "{tried:?}");
    let last = [("destination", "away")];
    let last = page.find("sendqueue_last_success_timestamp_seconds", &last);
    assert_eq!(last, None);

    // Replayed, and a pause.
    refuses.set_status(0);
    queue.tell("/errors/replay", &json!({ "All": true }));
    queue.wait_for("refuses", "Success", 3);
    away.restart();
    queue.wait_for("away", "Success", 3);
    queue.tell("/destinations/away/pause", &json!({}));
    let page = scrape(&queue);
    let expected = map(&[("Rejected", 3.0), ("Success", 3.0)]);
    assert_eq!(attempts(&page, "refuses"), expected);
    assert_eq!(page.of("sendqueue_sent_total", "refuses"), 3.0);
    assert_eq!(page.of("sendqueue_destination_up", "away"), 1.0);
    assert_eq!(page.of("sendqueue_outages_total", "away"), 1.0);
    let state = page.by("sendqueue_destination_state", "away", "state");
    assert_eq!(state, map(&[("Paused", 1.0)]));

    // The queue as a whole.
    let arrivals = page.get("sendqueue_callback_duration_seconds_count", &[]);
    assert_eq!(arrivals, 3.0);
    assert!(page.get("sendqueue_callback_duration_seconds_sum", &[]) > 0.0);
    assert!(page.get("sendqueue_database_size_bytes", &[]) > 10_000.0);
    assert!(page.get("sendqueue_reconciliation_age_seconds", &[]) < 60.0);
    assert_eq!(page.get("sendqueue_gone_before_queued_total", &[]), 0.0);
    assert_eq!(page.get("sendqueue_given_up_total", &[]), 0.0);
    for part in ["Database", "Reconciliation", "Threads"] {
        assert_eq!(page.get("sendqueue_problem", &[("part", part)]), 0.0);
    }
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}

/// What the database keeps goes on after a restart; the other counters begin anew.
#[test]
fn totals_of_failures_and_outages_survive_a_restart_and_a_purge() {
    let scp = FaultScp::start("PACS");
    scp.set_status(0xC000);
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 2).build());
    queue.wait_for("pacs", "Failure", 2);
    queue.tell("/errors/replay", &json!({ "All": true }));
    queue.wait_until(
        || {
            scrape(&queue).by("sendqueue_attempts_total", "pacs", "class")
                == map(&[("Rejected", 4.0)])
        },
        SOON,
        "the replayed ones are refused again",
    );
    queue.wait_for("pacs", "Failure", 2);
    let failed = |queue: &Queue| scrape(queue).by("sendqueue_failed_total", "pacs", "class");
    assert_eq!(failed(&queue), map(&[("Rejected", 4.0)]));
    queue.tell("/errors/purge", &json!({ "All": true }));
    assert_eq!(failed(&queue), map(&[("Rejected", 4.0)]));
    queue.restart().unwrap();
    assert_eq!(failed(&queue), map(&[("Rejected", 4.0)]));
    let attempts = scrape(&queue).by("sendqueue_attempts_total", "pacs", "class");
    assert_eq!(attempts, map(&[]));
}

/// Names come from the configuration and may hold anything where Orthanc's database has the modalities.
#[test]
fn names_of_destinations_are_data() {
    let odd = [
        "pacs\"} 7\nsendqueue_sent_total{destination=\"x",
        "back\\slash\\",
        "n\\n",
        "Röntgen 放射線",
        "{}",
        "<b>&amp;",
        "\t\r\u{7f}",
    ];
    let queue = Queue::start(queue::config(&odd).set("DicomModalitiesInDatabase", true));
    let answer = queue.get("/sendqueue/metrics").ok();
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    is_proper(&answer.text());
    let page = super::page::read(&answer.text());
    assert_eq!(page.values_of("destination"), odd.into_iter().collect());
    for name in odd {
        assert_eq!(page.of("sendqueue_sent_total", name), 0.0);
    }
}

#[test]
fn promtool_finds_nothing_to_say() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 2).build());
    queue.wait_for("pacs", "Success", 2);
    is_proper(&queue.get("/sendqueue/metrics").ok().text());
    // It would say something.
    let (well, said) = promtool(&["check", "metrics"], "# TYPE a_ms counter\na_ms 1\n");
    assert!(!well && said.contains("a_ms"), "{said}");
}

/// What is read from Orthanc's log of changes and what is not, with the queue's file held by another process.
#[test]
fn a_queue_that_falls_behind_shows_it() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("pacs", "Success", 1);
    queue.wait_until(
        || scrape(&queue).get("sendqueue_unreconciled_changes", &[]) == 0.0,
        SOON,
        "all is read",
    );
    let holder = rusqlite::Connection::open(queue.data_dir().join("index/sendqueue.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    queue.store_all(&Study::new(1, 5).build());
    queue.wait_until(
        || {
            let page = scrape(&queue);
            let problem = |part| page.get("sendqueue_problem", &[("part", part)]);
            page.get("sendqueue_unreconciled_changes", &[]) >= 5.0
                && problem("Reconciliation") == 1.0
                && problem("Database") == 1.0
                && problem("Threads") == 0.0
        },
        SOON,
        "it shows that it is behind",
    );
    holder.execute_batch("ROLLBACK").unwrap();
    queue.wait_until(
        || {
            let page = scrape(&queue);
            page.get("sendqueue_unreconciled_changes", &[]) == 0.0
                && page.get("sendqueue_problem", &[("part", "Database")]) == 0.0
        },
        SOON,
        "it has caught up",
    );
    queue.wait_for("pacs", "Success", 6);
}

#[test]
fn alerts_and_refused_posts_of_other_sites_are_counted() {
    let scp = FaultScp::start("ONE");
    let webhook = sendqueue_testkit::Webhook::start();
    let queue = Queue::start(
        queue::config_for(&[&scp]).set("/SendQueue/Alerts", json!({ "Url": webhook.url() })),
    );
    let page = scrape(&queue);
    assert_eq!(page.get("sendqueue_alerts_sent_total", &[]), 0.0);
    assert_eq!(page.get("sendqueue_cross_site_refused_total", &[]), 0.0);
    let forged = [
        ("Origin", "http://elsewhere.example"),
        ("Content-Type", "text/plain"),
    ];
    let answer = queue
        .raw("POST", "/sendqueue/destinations/one/pause", &forged, b"")
        .expect("an answer");
    assert_eq!(answer.status, 403);
    let tested = queue.tell("/alerts/test", &json!({}));
    assert_eq!(tested["Success"], true, "{tested}");
    let page = scrape(&queue);
    assert_eq!(page.get("sendqueue_alerts_sent_total", &[]), 1.0);
    assert_eq!(page.get("sendqueue_alerts_waiting", &[]), 0.0);
    assert_eq!(page.get("sendqueue_cross_site_refused_total", &[]), 1.0);
    webhook.set(sendqueue_testkit::webhook::Reply::Status(500));
    assert_eq!(queue.tell("/alerts/test", &json!({}))["Success"], false);
    let page = scrape(&queue);
    assert_eq!(page.get("sendqueue_alerts_failed_total", &[]), 1.0);
}
