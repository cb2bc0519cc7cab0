//! The dashboard, the alert rules and Prometheus' configuration under `docker/`: proper, and true of what an Orthanc
//! answers.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use sendqueue_testkit::proc::Proc;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancConfig, Study, free_port, poll, wait_until};
use serde_json::{Value, json};

use super::page::{promtool, scrape};

/// The user `prometheus` of `docker/orthanc.json`, as in `docker/prometheus/prometheus.yml`.
const LOGIN: (&str, &str) = ("Authorization", "Basic cHJvbWV0aGV1czpjaGFuZ2UtbWU=");

fn docker(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docker")
        .join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(docker(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All texts under this key, at any depth.
fn texts<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| texts(one, key, found)),
        Value::Object(map) => {
            for (name, one) in map {
                match one {
                    Value::String(text) if name == key => found.push(text),
                    _ => texts(one, key, found),
                }
            }
        }
        _ => {}
    }
}

/// The dashboard's queries.
fn expressions(dashboard: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    texts(dashboard, "expr", &mut found);
    assert!(found.len() > 20, "{found:?}");
    found
}

/// Names of metrics of ours in a text.
fn names(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("sendqueue_"))
        .collect()
}

/// Receivers that take, refuse and are away, and an Orthanc that has told each of the figures.
fn busy_queue(config: impl FnOnce(OrthancConfig) -> OrthancConfig) -> (Queue, [FaultScp; 3]) {
    let receivers = ["GOOD", "REFUSES", "AWAY"].map(FaultScp::start);
    receivers[1].set_status(0xC000);
    receivers[2].stop();
    let queue = Queue::start(config(queue::config_for(&receivers.each_ref())));
    for instance in Study::new(1, 3).build() {
        let stored = queue.raw("POST", "/instances", &[LOGIN], &instance.bytes);
        assert_eq!(stored.unwrap().status, 200);
    }
    (queue, receivers)
}

#[test]
fn promtool_accepts_the_configuration_and_the_rules() {
    let path = |name: &str| docker(name).to_string_lossy().into_owned();
    let config = path("prometheus/prometheus.yml");
    let rules = path("prometheus/rules.yml");
    let tests = path("prometheus/rules_test.yml");
    let checks: [&[&str]; 3] = [
        &["check", "config", "--lint-fatal", &config],
        &["check", "rules", "--lint-fatal", &rules],
        &["test", "rules", &tests],
    ];
    for check in checks {
        let (well, said) = promtool(check, "");
        assert!(well, "{check:?}: {said}");
    }
}

#[test]
fn each_alert_is_tested_and_says_what_to_do() {
    let rules = text("prometheus/rules.yml");
    let tests = text("prometheus/rules_test.yml");
    let alerts: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in &alerts {
        let needle = format!("alertname: {alert}\n");
        let asked = tests.matches(&needle).count();
        assert!(
            asked >= 2 || *alert == "SendQueueAbsent",
            "{alert} is not tested"
        );
    }
    for part in ["for: ", "severity: ", "summary: ", "description: "] {
        assert_eq!(rules.matches(part).count(), alerts.len(), "{part}");
    }
}

#[test]
fn dashboard_and_rules_use_only_what_is_there() {
    let silent = json!([{ "Aet": "CT1", "Hours": 700 }]);
    let alerts = json!({ "Url": "http://127.0.0.1:1/", "SilentSources": silent });
    let (queue, _receivers) = busy_queue(|config| config.set("/SendQueue/Alerts", alerts));
    queue.wait_for("good", "Success", 3);
    let page = scrape(&queue);
    let there: BTreeSet<&str> = page.samples.iter().map(|one| one.name.as_str()).collect();
    let rules = text("prometheus/rules.yml");
    let dashboard: Value =
        serde_json::from_str(&text("grafana/dashboards/sendqueue.json")).unwrap();
    let mut all = names(&rules);
    for expression in expressions(&dashboard) {
        all.extend(names(expression));
    }
    let mut variables = Vec::new();
    texts(&dashboard, "query", &mut variables);
    for variable in &variables {
        all.extend(names(variable));
    }
    let unknown: Vec<_> = all
        .iter()
        .filter(|name| !there.contains(**name))
        // In a description the name of the histogram as a whole.
        .filter(|name| !there.contains(format!("{name}_bucket").as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(all.len() > 15, "{all:?}");
}

/// A Prometheus on a port of its own.
struct Prometheus {
    port: u16,
    _proc: Proc,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// With the configuration of `docker/`, but for the Orthanc that it scrapes and how often.
    fn start(orthanc: &str) -> Prometheus {
        let folder = tempfile::tempdir().unwrap();
        let config = text("prometheus/prometheus.yml")
            .replace("orthanc:8042", orthanc)
            .replace("15s", "1s");
        assert!(config.matches(orthanc).count() == 2, "{config}");
        std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let rules = text("prometheus/rules.yml");
        std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
        let port = free_port();
        let mut command = Command::new("prometheus");
        command
            .current_dir(folder.path())
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let proc = Proc::spawn(&mut command, &folder.path().join("log"))
            .unwrap_or_else(|error| panic!("prometheus (Debian package of that name): {error}"));
        Prometheus {
            port,
            _proc: proc,
            _folder: folder,
        }
    }

    /// What its API answers; `None` as long as it does not listen.
    fn ask(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        // HTTP/1.0: the answer is not chunked.
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }

    /// The result of a query.
    #[track_caller]
    fn query(&self, expression: &str) -> Vec<Value> {
        let encoded: String = expression
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        let Some(answer) = self.ask(&format!("/api/v1/query?query={encoded}")) else {
            return Vec::new();
        };
        if answer["errorType"] == "unavailable" {
            return Vec::new();
        }
        assert_eq!(answer["status"], "success", "{expression}: {answer:#}");
        answer["data"]["result"].as_array().unwrap().clone()
    }
}

/// Debian's Prometheus against an Orthanc that asks for a login.
#[test]
fn prometheus_scrapes_and_evaluates_all_of_it() {
    let example: Value = serde_json::from_str(&text("orthanc.json")).unwrap();
    let (queue, _receivers) = busy_queue(|config| {
        config
            .set("AuthenticationEnabled", true)
            .set("RegisteredUsers", example["RegisteredUsers"].clone())
    });
    for path in [
        "/sendqueue/metrics",
        "/sendqueue/history",
        "/tools/metrics-prometheus",
    ] {
        assert_eq!(
            queue.raw("GET", path, &[], b"").unwrap().status,
            401,
            "{path}"
        );
    }
    let prometheus = Prometheus::start(&format!("127.0.0.1:{}", queue.http_port()));
    for job in ["sendqueue", "orthanc"] {
        let up = format!("up{{job=\"{job}\"}} == 1");
        let is_up = || !prometheus.query(&up).is_empty();
        wait_until(is_up, SOON, &format!("{job} is scraped"));
    }
    let sent = "sendqueue_sent_total{destination=\"good\"} == 3";
    wait_until(
        || !prometheus.query(sent).is_empty(),
        SOON,
        "three were sent",
    );

    // Each rule is evaluated, and the one for the receiver that is away waits for its time.
    let mut rules = Value::Null;
    let evaluated = poll(
        || {
            rules = prometheus.ask("/api/v1/rules").unwrap_or_default();
            let alerts = rules["data"]["groups"][0]["rules"].as_array();
            alerts.is_some_and(|alerts| {
                alerts.iter().all(|rule| rule["health"] == "ok")
                    && alerts.iter().any(|rule| {
                        rule["name"] == "SendQueueDestinationUnreachable"
                            && rule["state"] == "pending"
                    })
            })
        },
        SOON,
    );
    assert!(evaluated, "{rules:#}");

    // Each query of the dashboard has an answer, but for what needs more time or something that did not happen.
    let dashboard: Value =
        serde_json::from_str(&text("grafana/dashboards/sendqueue.json")).unwrap();
    for expression in expressions(&dashboard) {
        let plain = expression
            .replace("$__rate_interval", "1m")
            .replace("$instance", ".*")
            .replace("$destination", ".*");
        assert!(!plain.contains('$'), "{plain}");
        let may_be_empty = plain.ends_with("> 0");
        let answered = || may_be_empty || !prometheus.query(&plain).is_empty();
        wait_until(answered, SOON, &plain);
        prometheus.query(&plain);
    }
}
