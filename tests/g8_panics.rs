//! G8, G1: a panic in the middle of each service. It comes back, `health` tells of it meanwhile and afterwards, nothing
//! is lost.

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancVersion, Study, Webhook, wait_until};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Files that let services panic (`src/failpoint.rs`), as long as they are there.
struct Faults(TempDir);

impl Faults {
    fn begin(&self, point: &str) {
        std::fs::write(self.0.path().join(point), "").unwrap();
    }

    fn end(&self, point: &str) {
        std::fs::remove_file(self.0.path().join(point)).unwrap();
    }
}

/// What `health` shows of a service, and the status of the whole answer.
fn service(queue: &Queue, name: &str) -> (u16, Value, Value) {
    let answer = queue.get("/sendqueue/health");
    let health = answer.json();
    let shown = health["Services"].as_array().unwrap().iter();
    let one = shown.clone().find(|one| one["Name"] == name);
    (answer.status, one.cloned().unwrap_or_default(), health)
}

fn restarts(queue: &Queue, name: &str) -> u64 {
    service(queue, name).1["Restarts"].as_u64().unwrap_or(0)
}

/// Lets it panic in what `work` makes it do; sees that `health` fails with its name as long as it goes on.
#[track_caller]
fn panics(queue: &Queue, faults: &Faults, name: &str, work: impl FnOnce()) {
    let before = restarts(queue, name);
    faults.begin(name);
    work();
    seen(queue, name, before);
    faults.end(name);
}

#[track_caller]
fn seen(queue: &Queue, name: &str, before: u64) {
    let told = |problem: &Value| {
        let details = problem["Details"].as_str().unwrap();
        problem["Part"] == "Threads"
            && details.starts_with(&format!("{name} panicked at src/"))
            && problem["Since"].is_string()
    };
    queue.wait_until(
        || {
            let (status, shown, health) = service(queue, name);
            status == 503
                && shown["State"] == "Restarting"
                && shown["Restarts"].as_u64() >= Some(before + 2)
                && health["Problems"].as_array().unwrap().iter().any(told)
        },
        SOON,
        &format!("health tells of {name}"),
    );
}

/// The same where what is half done is done once, so that it does not panic a second time.
#[track_caller]
fn panics_once(queue: &Queue, faults: &Faults, name: &str, step: &str, work: impl FnOnce()) {
    let before = restarts(queue, name);
    let point = format!("{name}.{step}");
    faults.begin(&point);
    work();
    queue.wait_until(|| restarts(queue, name) > before, SOON, &point);
    faults.end(&point);
}

#[test]
fn every_service_comes_back_and_nothing_is_lost() {
    if std::env::var_os("SENDQUEUE_PLUGIN").is_some() {
        eprintln!("a library given by SENDQUEUE_PLUGIN may be a release, which has no fail points");
        return;
    }
    let version = OrthancVersion::under_test();
    let faults = Faults(tempfile::tempdir_in(version.temp_base().unwrap()).unwrap());
    let scp = FaultScp::start("PACS");
    let webhook = Webhook::start();
    let config = queue::config_for(&[&scp])
        .set("/SendQueue/Alerts", json!({ "Url": webhook.url() }))
        .set("/SendQueue/Defaults/Retry", json!({ "Delay": 1 }))
        .env("SENDQUEUE_FAIL_PANIC", &version.inside(faults.0.path()));
    let study = |seed: u64| Study::new(1, 5).seed(seed).build();
    let arrived = |n: usize| queue_has(&scp, n);

    // Taking up: nothing is sent before it is done.
    faults.begin("sq-start");
    let mut queue = Queue::start(config);
    queue.store_all(&study(1));
    seen(&queue, "sq-start", 0);
    assert_eq!(scp.stores().len(), 0);
    faults.end("sq-start");
    arrived(5);

    // Before the items are written, and before the lane knows of them.
    panics(&queue, &faults, "sq-arrive", || {
        queue.store_all(&study(2));
    });
    arrived(10);
    panics_once(&queue, &faults, "sq-arrive", "enqueued", || {
        queue.store_all(&study(3));
    });
    arrived(15);

    // `Retry` is promoted, also where the lane did not hear of it.
    let retry = |seed: u64| {
        scp.set_status(0xA700);
        queue.store_all(&study(seed));
        queue.wait_until(
            || !queue.items("class=Busy").is_empty(),
            SOON,
            "a retry is due",
        );
        scp.set_status(0);
    };
    panics(&queue, &faults, "sq-promote", || retry(4));
    arrived(20);
    panics_once(&queue, &faults, "sq-promote", "moved", || retry(5));
    arrived(25);

    // What is to be told is told, once.
    panics(&queue, &faults, "sq-alert", || {
        scp.set_status(0xC000);
        queue.store_all(&study(6));
        queue.wait_for("pacs", "Failure", 5);
        scp.set_status(0);
    });
    let told = || {
        let failures = webhook.accepted("Failure");
        let counts = failures.iter().map(|one| one["Count"].as_u64().unwrap());
        counts.sum::<u64>()
    };
    wait_until(|| told() == 5, 2 * SOON, "the failures are told");

    panics(&queue, &faults, "sq-send", || {
        queue.store_all(&study(7));
    });
    arrived(30);

    panics(&queue, &faults, "sq-metrics", || ());
    panics(&queue, &faults, "sq-subjects", || ());
    panics(&queue, &faults, "sq-ledger", || ());
    panics(&queue, &faults, "sq-retention", || ());
    panics(&queue, &faults, "sq-protect", || ());
    panics(&queue, &faults, "sq-events", || ());
    panics(&queue, &faults, "sq-webhook", || ());
    panics(&queue, &faults, "sq-release", || {
        queue.store_all(&study(8));
    });
    arrived(35);

    queue.wait_until(
        || service(&queue, "sq-release").1["State"] == "Running",
        SOON,
        "the last one is back",
    );
    let answer = queue.get("/sendqueue/health");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let health = answer.json();
    let page = queue.get("/sendqueue/metrics").ok().text();
    for name in [
        "sq-start",
        "sq-arrive",
        "sq-promote",
        "sq-alert",
        "sq-send",
        "sq-metrics",
        "sq-subjects",
        "sq-ledger",
        "sq-retention",
        "sq-protect",
        "sq-events",
        "sq-webhook",
        "sq-release",
    ] {
        let warned = |one: &Value| {
            let details = one["Details"].as_str().unwrap();
            details.starts_with(&format!("{name} panicked")) && details.ends_with("started again")
        };
        let warnings = health["Warnings"].as_array().unwrap();
        assert!(warnings.iter().any(warned), "{name}: {health:#}");
        let count = restarts(&queue, name);
        let line = format!("sendqueue_service_restarts_total{{service=\"{name}\"}} {count}\n");
        assert!(page.contains(&line), "{line}{page}");
        let lines = queue.log().matches(&format!("panic in {name} at ")).count();
        assert_eq!(lines as u64, count, "one line for each panic of {name}");
    }
    assert_eq!(queue.count("pacs", "Success"), 35);
    assert_eq!(queue.stop().unwrap().exit_status.code(), Some(0));
}

#[track_caller]
fn queue_has(scp: &FaultScp, n: usize) {
    wait_until(
        || scp.acknowledged_uids().len() == n,
        SOON,
        &format!("{n} instances have arrived"),
    );
}
