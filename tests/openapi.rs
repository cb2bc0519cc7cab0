//! The description of the API is true: of all its routes, and of every answer that schemathesis can provoke.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, OrthancVersion, Respond, Study, Webhook, receiver};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The same requests each time.
const SEED: &str = "20261120";
/// Requests for each call in each phase, at most.
const EXAMPLES: &str = "50";
const INSTANCES: usize = 12;

/// What schemathesis cannot know from the description.
const CONFIG: &str = r#"
# Orthanc itself answers 400 to methods that it does not know, such as TRACE. Those that it knows are tried in a test of
# their own.
[checks.unsupported_method]
enabled = false

# An empty argument counts as an absent one.
[[operations]]
include-operation-id = ["items", "studies", "errors", "errorSummary", "history", "journal", "deliveries", "retention", "deletions", "events"]
checks.negative_data_rejection.enabled = false

# Rules between fields: either everything or a filter that narrows down, either resources or a query, either
# a resource or a file; columns that a list names; a date must be one of the calendar; what can be looked for; and as many
# lines as only a table has; a position or a moment.
[[operations]]
include-operation-id = ["redirect", "replayErrors", "purgeErrors", "redirectErrors", "cancelItems", "redirectItems", "prioritizeItems", "sendItemsNow", "removeItems", "enqueue", "reload", "route", "addSubjects", "journal", "search", "deliveries", "replayEvents"]
checks.positive_data_acceptance.enabled = false
"#;

/// A program of the environment that `scripts/receivers.sh` makes.
fn tool(name: &str) -> PathBuf {
    let path = receiver::tools().join("schemathesis/bin").join(name);
    assert!(
        path.is_file(),
        "{} is missing: make it with scripts/receivers.sh {} schemathesis, or say with SENDQUEUE_TOOLS where it is",
        path.display(),
        receiver::tools().display()
    );
    path
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Items in every state, at destinations that take, refuse, are busy, do not answer, or are held.
fn scene() -> (Queue, Vec<FaultScp>, Webhook, TempDir) {
    let webhook = Webhook::start();
    let (folder, inside) = OrthancVersion::under_test().folder();
    std::fs::write(folder.path().join("trial.key"), "0123456789abcdef").unwrap();
    let list = "IssuerOfPatientID,PatientID,Subject\nHOSPITAL,1,T-001\n";
    std::fs::write(folder.path().join("subjects.csv"), list).unwrap();
    let receivers: Vec<FaultScp> = ["PACS", "ARCHIVE", "BUSY", "HELD", "QUIET", "HUNG", "GONE"]
        .iter()
        .map(|aet| FaultScp::start(aet))
        .collect();
    receivers[1].set_status(0xA900);
    receivers[2].set_status(0xA700);
    receivers[5].set_store(Respond::Hang);
    receivers[6].stop();
    let config = queue::config_for(&receivers.iter().collect::<Vec<_>>())
        .set("DicomScuTimeout", 1)
        .set("/SendQueue/Alerts", json!({ "Url": webhook.url() }))
        .set("/SendQueue/Retention", json!({ "Safe": ["archive"] }))
        .set(
            "/SendQueue/Serials",
            json!({ "accessions": { "Prefix": "RT" } }),
        )
        .set(
            "/SendQueue/Coercions",
            json!({ "sites": [{ "Set": { "AccessionNumber": "{serial:accessions,8}" } }] }),
        )
        .set(
            "/SendQueue/Deidentifications/trial",
            json!({
                "Profile": "Basic",
                "KeyFile": inside.join("trial.key"),
                "Lookup": {
                    "File": inside.join("subjects.csv"),
                    "Key": ["IssuerOfPatientID", "PatientID"]
                },
                "Set": { "PatientID": "{lookup}" },
            }),
        )
        .set(
            "/SendQueue/Destinations",
            json!({
                "pacs": { "Coerce": "sites", "Confirm": { "By": "Find", "Delay": 86_400 } },
                "quiet": { "QuietSeconds": 86400 },
                "hung": { "Timeout": 600 },
            }),
        )
        .set(
            "/SendQueue/Defaults",
            json!({ "Retry": { "Delay": 3600, "MaxDelay": 3600 }, "Windows": ["00:00-24:00"] }),
        );
    let queue = Queue::start(config);
    queue.tell("/destinations/held/pause", &json!({}));
    queue.store_all(&Study::new(1, INSTANCES).build());
    queue.wait_for("pacs", "Success", INSTANCES as u64);
    queue.wait_for("archive", "Failure", INSTANCES as u64);
    queue.wait_for("held", "Pending", INSTANCES as u64);
    queue.wait_for("quiet", "Scheduled", INSTANCES as u64);
    queue.wait_until(
        || queue.count("hung", "Running") > 0,
        queue::SOON,
        "an item on its way to hung",
    );
    queue.wait_until(
        || queue.count("busy", "Retry") > 0,
        queue::SOON,
        "a retry at busy",
    );
    let held = queue.items("destination=held");
    let id = held[0]["ID"].as_i64().unwrap();
    queue.tell(&format!("/items/{id}/cancel"), &json!({}));
    (queue, receivers, webhook, folder)
}

#[test]
fn every_route_is_described_with_its_methods() {
    let scp = FaultScp::start("ONE");
    let queue = Queue::start(queue::config_for(&[&scp]));
    let described = queue.ask("/openapi.json");
    assert_eq!(described["openapi"], "3.1.0");
    for (path, calls) in described["paths"].as_object().unwrap() {
        let real = path.replace("{name}", "one").replace("{id}", "1");
        let answer = queue.request("PUT", &real, b"");
        assert_eq!(answer.status, 405, "{path}");
        let allowed = answer.header("Allow").unwrap_or_default().to_lowercase();
        let allowed: BTreeSet<&str> = allowed.split(',').map(str::trim).collect();
        let named: BTreeSet<&str> = calls
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(named, allowed, "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("openapi.json");
    std::fs::write(&path, described.to_string()).unwrap();
    run(Command::new(tool("python"))
        .args(["-m", "openapi_spec_validator"])
        .arg(&path));
}

/// What is tried first: what there is. Without it hardly a request would get past "no such item".
fn point_at_what_is_there(described: &mut Value, queue: &Queue) {
    let first = |path: &str| queue.get(path).json()[0].clone();
    let highest = queue.items("").last().unwrap()["ID"].clone();
    let line = queue.ask("/deliveries")[0]["ID"].clone();
    let uid = |path: &str, tag: &str| {
        let id = first(path);
        queue
            .get(&format!("{path}/{}", id.as_str().unwrap()))
            .json()["MainDicomTags"][tag]
            .clone()
    };
    let in_state = |state: &str| -> Vec<Value> {
        let items = queue.items(&format!("state={state}"));
        items.iter().map(|item| item["ID"].clone()).collect()
    };
    let (failed, running) = (in_state("Failure"), in_state("Running"));
    let scheduled = in_state("Scheduled");
    let waiting = in_state("Scheduled,Pending,Retry");
    let study_uid = uid("/studies", "StudyInstanceUID");
    for (path, calls) in described["paths"].as_object_mut().unwrap() {
        for call in calls.as_object_mut().unwrap().values_mut() {
            if path == "/sendqueue/route" {
                let content = &mut call["requestBody"]["content"]["application/json"];
                content["examples"]["stored"]["value"]["Resource"] = study_uid.clone();
            }
            let parameters = call.get_mut("parameters");
            for one in parameters
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                let in_path = one["in"] == "path";
                let schema = &mut one["schema"];
                match path.split('/').nth(2) {
                    Some("items") if in_path => {
                        schema["maximum"] = highest.clone();
                        schema["examples"] = json!(match path.rsplit('/').next() {
                            // What is running cannot be removed.
                            Some("{id}") => &running,
                            Some("cancel") => &scheduled,
                            Some("send-now") => &waiting,
                            _ => &failed,
                        });
                    }
                    // More of them come while these are tried.
                    Some("deliveries") if in_path => schema["examples"] = json!([line]),
                    Some("destinations") => {
                        schema["examples"] = json!([
                            "pacs", "archive", "busy", "held", "quiet", "hung", "gone", "nowhere"
                        ]);
                    }
                    Some("deidentifications") => schema["examples"] = json!(["trial"]),
                    Some("patients") => schema["examples"] = json!([first("/patients")]),
                    Some("studies") => schema["examples"] = json!([first("/studies"), study_uid]),
                    Some("series") => schema["examples"] = json!([first("/series")]),
                    Some("instances") => schema["examples"] = json!([first("/instances")]),
                    _ => {}
                }
            }
        }
    }
}

/// Whether a path is that of a template.
fn fits(template: &str, path: &str) -> bool {
    template.split('/').count() == path.split('/').count()
        && template
            .split('/')
            .zip(path.split('/'))
            .all(|(expected, found)| expected.starts_with('{') || expected == found)
}

/// Each call got through at least once: otherwise its answer was never looked at.
#[track_caller]
fn every_call_was_answered(described: &Value, told: &[Value]) {
    let was_answered = |method: &str, template: &str| {
        told.iter().any(|entry| {
            let url = entry["request"]["url"].as_str().unwrap();
            let path = url.find("/sendqueue").map(|at| &url[at..]).unwrap_or("");
            entry["response"]["status"] == 200
                && entry["request"]["method"] == method
                && fits(template, path.split('?').next().unwrap())
        })
    };
    let mut silent = Vec::new();
    for (path, calls) in described["paths"].as_object().unwrap() {
        for method in calls.as_object().unwrap().keys() {
            if !was_answered(&method.to_uppercase(), path) {
                silent.push(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn nothing_is_answered_that_is_not_described() {
    let schemathesis = tool("schemathesis");
    let (mut queue, _receivers, _webhook, _folder) = scene();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("openapi.json");
    let config = folder.path().join("schemathesis.toml");
    std::fs::write(&config, CONFIG).unwrap();
    let described = queue.ask("/openapi.json");
    let mut told = Vec::new();
    // What empties the error queue and stops what is running comes last.
    for (which, seed) in [("--exclude", 2), ("--include", 3)] {
        let which = format!("{which}-operation-id-regex");
        let before = queue.count("quiet", "Scheduled");
        queue.store_all(&Study::new(1, INSTANCES).seed(seed).build());
        queue.wait_for("quiet", "Scheduled", before + INSTANCES as u64);
        let mut described = described.clone();
        point_at_what_is_there(&mut described, &queue);
        std::fs::write(&path, described.to_string()).unwrap();
        let log = folder.path().join("told.har");
        run(Command::new(&schemathesis)
            .current_dir(folder.path())
            .arg("--config-file")
            .arg(&config)
            .arg("run")
            .arg(&path)
            .args(["--url", &format!("http://127.0.0.1:{}", queue.http_port())])
            .args([
                which.as_str(),
                "^(cancel|reload|(replay|purge|redirect)Errors|(cancel|redirect|prioritize|remove)Items|sendItemsNow)$",
            ])
            .args(["--seed", SEED, "--max-examples", EXAMPLES])
            .args(["--report", "har", "--report-har-path"])
            .arg(&log)
            .args(["--generation-database", "none"])
            .args(["--warnings", "off", "--no-color"]));
        let log: Value = serde_json::from_slice(&std::fs::read(&log).unwrap()).unwrap();
        told.extend(log["log"]["entries"].as_array().unwrap().clone());
    }
    assert!(queue.is_running(), "{}", queue.log());
    assert_eq!(queue.ask("/health")["Status"], "ok");
    every_call_was_answered(&described, &told);
    let errors = queue.unexpected_errors();
    assert_eq!(errors, Vec::<String>::new());
}
