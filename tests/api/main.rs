//! The contract's section 3: every call, the shape of its answers, paging, filters, refused moves.

mod items;
mod lists;
mod preview;
mod search;
mod serials;

use std::collections::BTreeSet;

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, Study};
use serde_json::{Value, json};

const STATES: [&str; 7] = [
    "Scheduled",
    "Pending",
    "Running",
    "Retry",
    "Success",
    "Failure",
    "Cancelled",
];

/// Orthanc's form of a time: `20261120T235959.123456`.
fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 22
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'.',
                _ => byte.is_ascii_digit(),
            })
    })
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[track_caller]
fn has(value: &Value, names: &[&str]) {
    let keys = keys(value);
    for name in names {
        assert!(keys.contains(name), "no {name} in {value:#}");
    }
}

/// Three delivered to `one`; three refused by `two`; `three` paused with three pending.
struct Scene {
    queue: Queue,
    _receivers: Vec<FaultScp>,
    study: String,
    instances: Vec<String>,
}

fn scene() -> Scene {
    let receivers: Vec<FaultScp> = ["ONE", "TWO", "THREE"]
        .iter()
        .map(|aet| FaultScp::start(aet))
        .collect();
    receivers[1].set_status(0xA900);
    let queue = Queue::start(queue::config_for(&receivers.iter().collect::<Vec<_>>()));
    queue.tell("/destinations/three/pause", &json!({}));
    let instances = queue.store_all(&Study::new(1, 3).build());
    queue.wait_for("one", "Success", 3);
    queue.wait_for("two", "Failure", 3);
    queue.wait_for("three", "Pending", 3);
    let study = queue.get("/studies").json()[0].as_str().unwrap().to_owned();
    Scene {
        queue,
        _receivers: receivers,
        study,
        instances,
    }
}

impl Scene {
    fn first(&self, state: &str) -> i64 {
        self.queue.items(&format!("state={state}"))[0]["ID"]
            .as_i64()
            .unwrap()
    }

    #[track_caller]
    fn verb(&self, id: i64, verb: &str, status: u16) -> Value {
        let answer = self
            .queue
            .post_json(&format!("/sendqueue/items/{id}/{verb}"), &json!({}));
        assert_eq!(answer.status, status, "{verb}: {}", answer.text());
        answer.json()
    }
}

#[test]
fn the_overview_and_health() {
    let scene = scene();
    let shown = scene.queue.ask("");
    has(
        &shown,
        &[
            "Version",
            "ApiVersion",
            "Enabled",
            "Database",
            "Counts",
            "Destinations",
            "OldestPendingSeconds",
            "Cursor",
        ],
    );
    assert_eq!(shown["ApiVersion"], 1);
    assert_eq!(shown["Enabled"], true);
    assert!(
        shown["Database"]
            .as_str()
            .unwrap()
            .ends_with("sendqueue.db")
    );
    assert_eq!(shown["Destinations"], json!(["one", "three", "two"]));
    assert_eq!(keys(&shown["Counts"]), STATES.into_iter().collect());
    for (state, count) in [
        ("Success", 3),
        ("Failure", 3),
        ("Pending", 3),
        ("Running", 0),
        ("Retry", 0),
    ] {
        assert_eq!(shown["Counts"][state], count, "{shown:#}");
    }
    assert!(shown["OldestPendingSeconds"].is_u64());
    assert!(shown["Cursor"].is_u64());
    let verdict = scene.queue.ask("/verdict");
    let told: Vec<_> = verdict
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let field = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            (
                field("Severity"),
                field("Kind"),
                field("Destination"),
                one["Count"].as_u64(),
            )
        })
        .collect();
    let row = |severity: &str, kind: &str, name: &str, count| {
        (
            severity.to_owned(),
            kind.to_owned(),
            name.to_owned(),
            Some(count),
        )
    };
    assert_eq!(
        told,
        [
            row("Error", "Failures", "two", 3),
            row("Warning", "Paused", "three", 3)
        ],
        "{verdict:#}"
    );
    let sentence = verdict[0]["Sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("two refuses: 3 × A900 (the data set does not match"),
        "{sentence}"
    );
    let sentence = verdict[1]["Sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("three is paused by a person since ")
            && sentence.ends_with("); 3 wait"),
        "{sentence}"
    );
    let metrics = scene.queue.get("/sendqueue/metrics").text();
    for line in [
        "sendqueue_verdict{severity=\"Critical\"} 0",
        "sendqueue_verdict{severity=\"Error\"} 1",
        "sendqueue_verdict{severity=\"Warning\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}");
    }
    // Of these the machinery knows nothing.
    let health = scene.queue.get("/sendqueue/health");
    assert_eq!(
        (health.status, health.json()["Status"].clone()),
        (200, json!("ok"))
    );
    // But how much it is, and who does.
    let expected = json!({ "Critical": 0, "Error": 1, "Warning": 1 });
    assert_eq!(health.json()["Verdict"], expected);
    let about = health.json()["About"].to_string();
    assert!(about.contains("/sendqueue/verdict"), "{about}");
}

#[test]
fn destinations() {
    let scene = scene();
    let list = scene.queue.ask("/destinations");
    let list = list.as_array().unwrap();
    let names: Vec<&str> = list
        .iter()
        .map(|one| one["Name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["one", "three", "two"]);
    for one in list {
        has(
            one,
            &[
                "Name",
                "State",
                "Counts",
                "BytesPending",
                "OldestPendingSeconds",
                "LastSuccess",
                "LastError",
                "NextProbe",
                "InstancesPerSecond",
                "Settings",
            ],
        );
        assert_eq!(
            *one,
            scene
                .queue
                .ask(&format!("/destinations/{}", one["Name"].as_str().unwrap()))
        );
    }
    assert_eq!(list[0]["State"], "Ready");
    assert!(is_time(&list[0]["LastSuccess"]));
    assert!(list[0]["InstancesPerSecond"].as_f64().unwrap() > 0.0);
    assert_eq!(list[1]["State"], "Paused");
    assert!(list[1]["BytesPending"].as_u64().unwrap() > 0);
    assert_eq!(list[2]["LastError"]["Class"], "Rejected");
    assert_eq!(list[2]["LastError"]["DimseStatus"], 0xA900);
    let echo = scene.queue.tell("/destinations/one/echo", &json!({}));
    assert_eq!(echo["Success"], true);
    assert!(echo["Milliseconds"].as_f64().unwrap() > 0.0);
    assert_eq!(
        scene.queue.get("/sendqueue/destinations/nowhere").status,
        404
    );
    assert_eq!(
        scene
            .queue
            .post("/sendqueue/destinations/nowhere/pause", "")
            .status,
        404
    );
}

#[test]
fn an_echo_that_fails_says_why() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    scp.stop();
    let echo = queue.tell("/destinations/pacs/echo", &json!({}));
    assert_eq!(echo["Success"], false);
    let error = echo["Error"].as_str().unwrap();
    assert!(error.ends_with(": connection refused"), "{error}");
}

#[test]
fn resources_of_each_level() {
    let scene = scene();
    let first = |path: &str| scene.queue.get(path).json()[0].as_str().unwrap().to_owned();
    for (path, of_each) in [
        (format!("/studies/{}", scene.study), 3),
        (format!("/series/{}", first("/series")), 3),
        (format!("/patients/{}", first("/patients")), 3),
        (format!("/instances/{}", scene.instances[0]), 1),
    ] {
        let shown = scene.queue.ask(&path);
        let list = shown["Destinations"].as_array().unwrap();
        let found: Vec<(&str, u64, u64, u64)> = list
            .iter()
            .map(|one| {
                let count = |state: &str| one["Counts"][state].as_u64().unwrap();
                assert_eq!(one["Instances"], of_each, "{one:#}");
                assert_eq!(one["Delivered"], count("Success"), "{one:#}");
                (
                    one["Destination"].as_str().unwrap(),
                    count("Success"),
                    count("Pending"),
                    count("Failure"),
                )
            })
            .collect();
        let n = of_each;
        assert_eq!(
            found,
            [("one", n, 0, 0), ("three", 0, n, 0), ("two", 0, 0, n)],
            "{path}"
        );
        assert!(list.iter().all(|one| is_time(&one["FirstCreationTime"])));
    }
    let other_level = format!("/sendqueue/series/{}", scene.study);
    assert_eq!(scene.queue.get(&other_level).status, 404);
}

/// Every path of the description is answered, with the methods that it names.
#[test]
fn the_description_is_true() {
    let scene = scene();
    let described = scene.queue.ask("/openapi.json");
    assert!(described["openapi"].as_str().unwrap().starts_with("3."));
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() >= 23, "{}", paths.len());
    for (path, calls) in paths {
        let real = path.replace("{name}", "one").replace("{id}", "1");
        let answer = scene.queue.request("PUT", &real, b"");
        assert_eq!(answer.status, 405, "{path}");
        let mut allowed: Vec<String> = answer
            .header("Allow")
            .unwrap_or_default()
            .split(',')
            .map(|method| method.trim().to_lowercase())
            .collect();
        allowed.sort();
        let mut named: Vec<String> = keys(calls).into_iter().map(str::to_owned).collect();
        named.sort();
        assert_eq!(named, allowed, "{path}");
    }
}
