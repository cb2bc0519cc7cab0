//! What Orthanc may answer, from an Orthanc made of closures.

use std::sync::{Arc, Mutex};

use orthanc_sdk::Method;
use orthanc_sdk::fake_host::FakeHost;

use super::*;
use crate::item::{Priority, State, SystemClock};

type Answer = Result<(u16, Vec<u8>), i32>;

/// Orthanc's error code for what it does not know.
const UNKNOWN: Answer = Err(UNKNOWN_RESOURCE);

fn ok(value: Value) -> Answer {
    Ok((200, value.to_string().into_bytes()))
}

/// An Orthanc with the modality `pacs`; `rest` answers everything else.
fn orthanc(
    rest: impl Fn(Method, &str, &Value) -> Answer + Send + Sync + 'static,
) -> (FakeHost, Asked) {
    let fake = FakeHost::new("1.12.7");
    let asked = Asked::default();
    let record = asked.clone();
    fake.on_rest(move |method, uri, body| {
        if uri == "/modalities?expand" {
            return ok(json!({ "pacs": { "AET": "PACS", "Host": "127.0.0.1", "Port": 104 } }));
        }
        let body = serde_json::from_slice(body).unwrap_or_default();
        record
            .0
            .lock()
            .unwrap()
            .push(format!("{} {uri} {body}", method.as_str()));
        rest(method, uri, &body)
    });
    (fake, asked)
}

#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn count(&self, what: &str) -> usize {
        let asked = self.0.lock().unwrap();
        asked.iter().filter(|one| one.contains(what)).count()
    }
}

fn transport(fake: &FakeHost) -> RestTransport {
    let client = fake.host().client();
    RestTransport::new(
        client,
        Arc::new(Modalities::new(client)),
        Arc::new(SystemClock),
        &HostSettings {
            concurrent_jobs: 2,
            dicom_scu_timeout: 10,
            jobs_history_size: 10,
            strict_aet_comparison: false,
            modalities_in_database: false,
            modalities: std::collections::BTreeMap::new(),
        },
        Box::new(|_| ()),
    )
}

fn items(names: &[&str]) -> Vec<Item> {
    names
        .iter()
        .zip(1..)
        .map(|(name, id)| Item {
            id,
            instance: (*name).to_owned(),
            sop_instance_uid: format!("1.2.{id}"),
            series: String::new(),
            study: String::new(),
            patient: String::new(),
            destination: "pacs".to_owned(),
            rule: None,
            remote_aet: None,
            state: State::Running,
            priority: Priority::Medium,
            attempt_count: 0,
            created: crate::item::Timestamp::default(),
            next_attempt: None,
            completed: None,
            class: None,
            dimse_status: None,
            details: None,
            size_bytes: 1,
        })
        .collect()
}

fn deliver(transport: &RestTransport, names: &[&str]) -> Vec<String> {
    let items = items(names);
    let delivery = transport.deliver(&Batch {
        recalled: &Vec::new,
        destination: "pacs",
        local_aet: Some("US"),
        timeout: None,
        items: &items,
    });
    delivery
        .0
        .iter()
        .map(|tried| match tried {
            Tried::Made { outcome, .. } => outcome.class.to_string(),
            Tried::NotYet => "NotYet".to_owned(),
            Tried::Unknown => "Unknown".to_owned(),
        })
        .collect()
}

fn submitted() -> Answer {
    ok(json!({ "ID": "job", "Path": "/jobs/job" }))
}

fn succeeded(count: usize) -> Value {
    json!({ "State": "Success", "Progress": 100, "Content": { "InstancesCount": count, "FailedInstancesCount": 0 } })
}

fn failed(progress: u64, code: i64, details: &str, unread: u64) -> Value {
    json!({
        "State": "Failure", "Progress": progress, "ErrorCode": code, "ErrorDetails": details,
        "Content": { "FailedInstancesCount": unread },
    })
}

/// Each job's end in turn; the first element is asked for first.
fn ends(list: Vec<Value>) -> impl Fn(Method, &str, &Value) -> Answer + Send + Sync {
    let list = Mutex::new(list.into_iter());
    move |method, uri, _| match (method, uri) {
        (Method::Post, "/modalities/pacs/store") => submitted(),
        (Method::Get, "/jobs/job") => ok(list.lock().unwrap().next().expect("one job more")),
        _ => ok(json!({})),
    }
}

#[test]
fn what_is_asked_of_orthanc() {
    let (fake, asked) = orthanc(ends(vec![succeeded(2)]));
    assert_eq!(
        deliver(&transport(&fake), &["a", "b"]),
        ["Success", "Success"]
    );
    let body = r#"{"Resources":["a","b"],"Synchronous":false,"Timeout":10,"LocalAet":"US"}"#;
    assert_eq!(
        asked.count(&format!("POST /modalities/pacs/store {body}")),
        1
    );
}

#[test]
fn one_unknown_instance_fails_the_whole_submission_and_only_itself() {
    let (fake, asked) = orthanc(|method, uri, body| match (method, uri) {
        (Method::Post, "/modalities/pacs/store") => {
            let resources = body["Resources"].as_array().unwrap();
            if resources.contains(&json!("b")) {
                UNKNOWN
            } else {
                submitted()
            }
        }
        (Method::Get, "/jobs/job") => ok(succeeded(1)),
        (Method::Get, "/instances/b") => UNKNOWN,
        _ => ok(json!({})),
    });
    assert_eq!(
        deliver(&transport(&fake), &["a", "b", "c"]),
        ["Success", "Missing", "Success"]
    );
    assert_eq!(asked.count("/store"), 3);
}

#[test]
fn a_refusal_in_the_middle_costs_one_more_job() {
    let refusal = "C-STORE SCU to AET \"PACS\" has failed with DIMSE status 0xC000";
    let (fake, asked) = orthanc(ends(vec![failed(25, 9, refusal, 0), succeeded(2)]));
    assert_eq!(
        deliver(&transport(&fake), &["a", "b", "c", "d"]),
        ["Success", "Rejected", "Success", "Success"]
    );
    assert_eq!(asked.count(r#"{"Resources":["c","d"]"#), 1);
}

#[test]
fn an_interruption_ends_the_batch() {
    let abort =
        "DicomAssociation - C-STORE to AET \"PACS\": Peer aborted Association (or never connected)";
    let (fake, asked) = orthanc(ends(vec![failed(50, 9, abort, 0)]));
    assert_eq!(
        deliver(&transport(&fake), &["a", "b", "c", "d"]),
        ["Success", "Success", "Interrupted", "NotYet"]
    );
    assert_eq!(asked.count("/store"), 1);
}

/// A job whose end nobody can tell acknowledges nothing.
#[test]
fn ends_that_prove_nothing() {
    let odd = [
        succeeded(0),
        succeeded(1),
        json!({ "State": "Success" }),
        json!({ "State": "Success", "Content": { "InstancesCount": 2, "FailedInstancesCount": 1 } }),
        json!({ "State": "Wonderful" }),
        json!({}),
        json!([]),
        json!(null),
        failed(49, 9, "", 0),
        json!({ "State": "Failure" }),
    ];
    for end in odd {
        let (fake, _) = orthanc(ends(vec![end.clone()]));
        assert_eq!(
            deliver(&transport(&fake), &["a", "b"]),
            ["Internal", "NotYet"],
            "{end}"
        );
    }
}

#[test]
fn a_job_that_vanished_acknowledges_nothing() {
    for gone in [UNKNOWN, Ok((404, Vec::new())), Ok((200, Vec::new()))] {
        let (fake, _) = orthanc(move |method, uri, _| match (method, uri) {
            (Method::Post, _) => submitted(),
            (Method::Get, "/jobs/job") => gone.clone(),
            _ => ok(json!({})),
        });
        assert_eq!(
            deliver(&transport(&fake), &["a", "b"]),
            ["Internal", "NotYet"]
        );
    }
}

#[test]
fn a_submission_without_a_job_acknowledges_nothing() {
    for answer in [
        Ok((200, Vec::new())),
        ok(json!({})),
        ok(json!({ "ID": 7 })),
        Ok((500, Vec::new())),
        Err(9),
        Err(-1),
    ] {
        let (fake, asked) = orthanc(move |method, _, _| match method {
            Method::Post => answer.clone(),
            _ => ok(json!({})),
        });
        assert_eq!(
            deliver(&transport(&fake), &["a", "b"]),
            ["Internal", "NotYet"]
        );
        assert_eq!(asked.count("/store"), 1, "it is not tried again at once");
    }
}

#[test]
fn an_unknown_modality_is_an_outage() {
    let (fake, asked) = orthanc(|_, _, _| UNKNOWN);
    let transport = transport(&fake);
    for name in ["other", "../pacs", "pacs/store", "", "pacs\0"] {
        let items = items(&["a", "b"]);
        let delivery = transport.deliver(&Batch {
            recalled: &Vec::new,
            destination: name,
            local_aet: None,
            timeout: None,
            items: &items,
        });
        assert!(
            matches!(&delivery.0[0], Tried::Made { outcome, .. } if outcome.class == Class::Unreachable)
        );
        assert_eq!(delivery.0[1], Tried::NotYet);
        assert!(matches!(transport.probe(name, None), Probe::Silent(_)));
    }
    assert_eq!(asked.count(""), 0, "such names are never part of a path");
}

#[test]
fn without_any_event_the_end_is_found_by_looking() {
    let running = json!({ "State": "Running", "Progress": 0 });
    let mut list = vec![running; 4];
    list.push(succeeded(1));
    let (fake, asked) = orthanc(ends(list));
    assert_eq!(deliver(&transport(&fake), &["a"]), ["Success"]);
    assert_eq!(asked.count("GET /jobs/job"), 5);
}

#[test]
fn an_instance_that_cannot_be_read() {
    for (there, class) in [(true, "Internal"), (false, "Missing")] {
        let next = ends(vec![failed(33, -1, "", 1), succeeded(1)]);
        let (fake, _) = orthanc(move |method, uri, body| match uri {
            "/instances/b" if !there => UNKNOWN,
            _ => next(method, uri, body),
        });
        assert_eq!(
            deliver(&transport(&fake), &["a", "b", "c"]),
            ["Success", class, "Success"]
        );
    }
    // Whether it is there cannot be asked now: nothing is said of it.
    let next = ends(vec![failed(33, -1, "", 1)]);
    let (fake, _) = orthanc(move |method, uri, body| match uri {
        "/instances/b" => Err(5),
        _ => next(method, uri, body),
    });
    assert_eq!(
        deliver(&transport(&fake), &["a", "b", "c"]),
        ["Success", "NotYet", "NotYet"]
    );
}

/// Orthanc stops while a job runs: it is cancelled, and what it then tells counts.
#[test]
fn interrupted_it_tells_what_was_acknowledged_until_then() {
    for tells in [true, false] {
        let cancelled = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = cancelled.clone();
        let (fake, asked) = orthanc(move |method, uri, _| match (method, uri) {
            (Method::Post, "/modalities/pacs/store") => submitted(),
            (Method::Post, "/jobs/job/cancel") => {
                seen.store(tells, std::sync::atomic::Ordering::SeqCst);
                ok(json!({}))
            }
            (Method::Get, "/jobs/job") if seen.load(std::sync::atomic::Ordering::SeqCst) => {
                ok(failed(50, 37, "", 0))
            }
            _ => ok(json!({ "State": "Running", "Progress": 25 })),
        });
        let transport = transport(&fake);
        let told = std::thread::scope(|scope| {
            let sending = scope.spawn(|| deliver(&transport, &["a", "b", "c", "d"]));
            while asked.count("GET /jobs/job") == 0 {
                std::thread::yield_now();
            }
            transport.interrupt();
            sending.join().unwrap()
        });
        transport.join();
        assert_eq!(asked.count("/cancel"), 1);
        if tells {
            assert_eq!(told, ["Success", "Success", "Interrupted", "NotYet"]);
        } else {
            assert_eq!(told, ["Unknown"; 4]);
        }
        // Afterwards nothing is begun.
        assert_eq!(deliver(&transport, &["a"]), ["NotYet"]);
        assert_eq!(asked.count("/store"), 1);
        assert!(transport.admit("pacs", Standing::Good).is_none());
    }
}

#[test]
fn an_echo_that_is_refused_at_once_is_not_silence() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fake = FakeHost::new("1.10.1");
    let (answer, kept) = (
        Arc::new(Mutex::new(ok(json!({})))),
        Arc::new(Mutex::new(port)),
    );
    let (say, to) = (answer.clone(), kept.clone());
    fake.on_rest(move |_, uri, _| match uri {
        "/modalities?expand" => {
            ok(json!({ "pacs": { "AET": "P", "Host": "127.0.0.1", "Port": *to.lock().unwrap() } }))
        }
        _ => say.lock().unwrap().clone(),
    });
    let transport = transport(&fake);
    assert!(matches!(transport.probe("pacs", None), Probe::Answered(_)));
    *answer.lock().unwrap() = Err(17);
    assert!(matches!(transport.probe("pacs", None), Probe::Refused(_)));
    drop(listener);
    let Probe::Silent(outcome) = transport.probe("pacs", None) else {
        panic!("nobody listens");
    };
    assert_eq!(outcome.class, Class::Unreachable);
    assert!(outcome.details.contains("refused"), "{}", outcome.details);
}
