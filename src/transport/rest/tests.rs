//! What Orthanc may answer, from an Orthanc made of closures.

use std::sync::{Arc, Mutex};

use orthanc_sdk::Method;
use orthanc_sdk::fake_host::FakeHost;

use super::*;
use crate::destinations::modality::Modalities;
use crate::item::{Ids, Priority, State, SystemClock};
use crate::transport::Probe;
use crate::transport::missing::UNKNOWN_RESOURCE;

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

/// With Orthanc's list of modalities.
struct Transport {
    rest: RestTransport,
    list: Modalities,
}

impl std::ops::Deref for Transport {
    type Target = RestTransport;

    fn deref(&self) -> &RestTransport {
        &self.rest
    }
}

impl Transport {
    fn deliver(&self, name: &str, batch: &Batch<'_>) -> Delivery {
        let look_up = || self.list.find(name);
        let look_up = &look_up;
        self.rest.deliver(&Called { name, look_up }, batch)
    }

    fn probe(&self, name: &str) -> Probe {
        let look_up = || self.list.find(name);
        let look_up = &look_up;
        self.rest.probe(&Called { name, look_up }, None)
    }
}

fn transport(fake: &FakeHost) -> Transport {
    let client = fake.host().client();
    Transport {
        rest: RestTransport::new(
            client,
            Arc::new(SystemClock),
            &HostSettings::default(),
            crate::cut::Cutter::new(crate::service::Services::for_tests(), Box::new(|_| ())),
        ),
        list: Modalities::new(client, None),
    }
}

/// One of which nobody asks anything.
fn plain(items: &[Item]) -> Batch<'_> {
    Batch {
        group: None,
        transfer_syntax: None,
        in_hand: &|_, _| true,
        told: &|_, _| true,
        recalled: &Vec::new,
        to_confirm: false,
        local_aet: None,
        timeout: None,
        items,
    }
}

fn items(names: &[&str]) -> Vec<Item> {
    names
        .iter()
        .zip(1..)
        .map(|(name, id)| Item {
            id,
            ids: Ids {
                instance: (*name).to_owned(),
                sop_instance_uid: format!("1.2.{id}"),
                series: String::new(),
                study: String::new(),
                patient: String::new(),
            },
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
            confirmation: crate::item::Confirmation::None,
        })
        .collect()
}

fn deliver(transport: &Transport, names: &[&str]) -> Vec<String> {
    let items = items(names);
    let delivery = transport.deliver(
        "pacs",
        &Batch {
            local_aet: Some("US"),
            ..plain(&items)
        },
    );
    delivery
        .0
        .iter()
        .map(|tried| match tried {
            Tried::Made { outcome, .. } => outcome.class.to_string(),
            Tried::NotYet | Tried::NotNow(_) => "NotYet".to_owned(),
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
        let delivery = transport.deliver(name, &plain(&items));
        assert!(
            matches!(&delivery.0[0], Tried::Made { outcome, .. } if outcome.class == Class::Unreachable)
        );
        assert_eq!(delivery.0[1], Tried::NotYet);
        assert!(matches!(transport.probe(name), Probe::Silent(_)));
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
    assert!(matches!(transport.probe("pacs"), Probe::Answered(_)));
    *answer.lock().unwrap() = Err(17);
    assert!(matches!(transport.probe("pacs"), Probe::Refused(_)));
    // A C-ECHO or nothing: nobody but Orthanc talks to it.
    listener.set_nonblocking(true).unwrap();
    let connected = listener.accept().map(|_| ());
    assert_eq!(
        connected.unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}

/// An Orthanc that sends until a job is cancelled; each job stops after as many as `done` says, the last one sends all.
fn until_cancelled(done: Vec<usize>) -> impl Fn(Method, &str, &Value) -> Answer + Send + Sync {
    struct Job {
        count: usize,
        cancelled: bool,
    }
    let jobs: Mutex<Vec<Job>> = Mutex::default();
    move |method, uri, body| {
        let mut jobs = jobs.lock().unwrap();
        if uri == "/modalities/pacs/store" {
            jobs.push(Job {
                count: body["Resources"].as_array().unwrap().len(),
                cancelled: false,
            });
            return ok(json!({ "ID": (jobs.len() - 1).to_string() }));
        }
        let Some(rest) = uri.strip_prefix("/jobs/") else {
            return ok(json!({}));
        };
        let (number, verb) = rest.split_once('/').unwrap_or((rest, ""));
        let number: usize = number.parse().unwrap();
        let job = &mut jobs[number];
        if verb == "cancel" {
            assert_eq!(method, Method::Post);
            job.cancelled = true;
            return ok(json!({}));
        }
        match done.get(number) {
            None => ok(succeeded(job.count)),
            Some(done) if job.cancelled => {
                let progress = (*done as f64 * 100.0 / job.count as f64).round() as u64;
                ok(failed(progress, CANCELED, "", 0))
            }
            Some(_) => ok(json!({ "State": "Running", "Progress": 0 })),
        }
    }
}

/// Orthanc's error code for a job that was cancelled.
const CANCELED: i64 = 37;

/// Delivers `a` to `d` (ids 1 to 4) and recalls, `times` times, once the first job runs; `cancelled` tells
/// what the queue says each time that it is asked.
fn deliver_and_recall(
    fake: &FakeHost,
    asked: &Asked,
    times: u32,
    cancelled: &(dyn Fn(usize) -> Vec<i64> + Sync),
) -> Vec<Tried> {
    let transport = transport(fake);
    let items = items(&["a", "b", "c", "d"]);
    let looks = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            transport.deliver(
                "pacs",
                &Batch {
                    recalled: &|| {
                        cancelled(looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
                    },
                    ..plain(&items)
                },
            )
        });
        while asked.count("GET /jobs/") == 0 {
            std::thread::yield_now();
        }
        (0..times).for_each(|_| transport.recall());
        sending.join().unwrap().0
    })
}

fn classes(tried: &[Tried]) -> Vec<String> {
    tried
        .iter()
        .map(|tried| match tried {
            Tried::Made { outcome, .. } => outcome.class.to_string(),
            Tried::NotYet | Tried::NotNow(_) => "NotYet".to_owned(),
            Tried::Unknown => "Unknown".to_owned(),
        })
        .collect()
}

#[test]
fn a_recalled_item_is_left_out_and_the_rest_goes_in_a_new_job() {
    let (fake, asked) = orthanc(until_cancelled(vec![1]));
    let told = deliver_and_recall(&fake, &asked, 1, &|_| vec![3]);
    assert_eq!(classes(&told), ["Success", "Success", "NotYet", "Success"]);
    assert_eq!(asked.count("POST /jobs/0/cancel"), 1);
    // b was not acknowledged yet; nothing is sent twice.
    assert_eq!(asked.count(r#"{"Resources":["b"]"#), 1);
    assert_eq!(asked.count(r#"{"Resources":["d"]"#), 1);
    assert_eq!(asked.count("/store"), 3);
}

#[test]
fn an_item_recalled_after_it_was_acknowledged_stays_acknowledged() {
    let (fake, asked) = orthanc(until_cancelled(vec![3]));
    let told = deliver_and_recall(&fake, &asked, 1, &|_| vec![2]);
    assert_eq!(classes(&told), ["Success"; 4]);
    assert_eq!(asked.count(r#"{"Resources":["d"]"#), 1);
}

#[test]
fn a_recall_for_another_batch_changes_nothing() {
    let (fake, asked) = orthanc({
        let looks = Mutex::new(0);
        move |method, uri, _| match (method, uri) {
            (Method::Post, "/modalities/pacs/store") => submitted(),
            (Method::Get, "/jobs/job") => {
                let mut looks = looks.lock().unwrap();
                *looks += 1;
                if *looks < 4 {
                    ok(json!({ "State": "Running", "Progress": 50 }))
                } else {
                    ok(succeeded(4))
                }
            }
            _ => ok(json!({})),
        }
    });
    // Neither nothing nor an item of somebody else's.
    let told = deliver_and_recall(&fake, &asked, 1, &|_| vec![99]);
    assert_eq!(classes(&told), ["Success"; 4]);
    assert_eq!(asked.count("/cancel"), 0);
    assert_eq!(asked.count("/store"), 1);
}

/// A script that cancels many: those of which word comes while the job is being cancelled are left out too.
#[test]
fn several_that_are_recalled_one_after_the_other_are_all_left_out() {
    let (fake, asked) = orthanc(until_cancelled(vec![0]));
    let told = deliver_and_recall(&fake, &asked, 1, &|look| {
        if look == 0 { vec![2] } else { vec![2, 3, 4] }
    });
    assert_eq!(classes(&told), ["Success", "NotYet", "NotYet", "NotYet"]);
    assert_eq!(asked.count("/store"), 2);
}

/// The job came to its own end before the cancel: what it says counts.
#[test]
fn a_job_that_ends_by_itself_before_the_cancel_is_no_fault() {
    let (fake, asked) = orthanc({
        let cancelled = Mutex::new(false);
        move |method, uri, _| match (method, uri) {
            (Method::Post, "/modalities/pacs/store") => submitted(),
            (Method::Post, "/jobs/job/cancel") => {
                *cancelled.lock().unwrap() = true;
                // BadSequenceOfCalls: it is over.
                Err(6)
            }
            (Method::Get, "/jobs/job") if *cancelled.lock().unwrap() => ok(succeeded(4)),
            _ => ok(json!({ "State": "Running", "Progress": 75 })),
        }
    });
    let told = deliver_and_recall(&fake, &asked, 1, &|_| vec![4]);
    assert_eq!(classes(&told), ["Success"; 4]);
    assert_eq!(asked.count("/store"), 1);
}

/// A refusal that comes between the recall and the cancel is the instance's, not the recall's.
#[test]
fn a_refusal_while_the_job_is_being_cancelled_is_kept() {
    let refusal = "C-STORE SCU to AET \"PACS\" has failed with DIMSE status 0xC000";
    let (fake, asked) = orthanc({
        let cancelled = Mutex::new(false);
        move |method, uri, body| match (method, uri) {
            (Method::Post, "/modalities/pacs/store") => {
                let first = body["Resources"][0].as_str().unwrap();
                ok(json!({ "ID": first }))
            }
            (Method::Post, "/jobs/a/cancel") => {
                *cancelled.lock().unwrap() = true;
                ok(json!({}))
            }
            (Method::Get, "/jobs/a") if *cancelled.lock().unwrap() => ok(failed(25, 9, refusal, 0)),
            (Method::Get, "/jobs/a") => ok(json!({ "State": "Running", "Progress": 0 })),
            _ => ok(succeeded(1)),
        }
    });
    let told = deliver_and_recall(&fake, &asked, 1, &|_| vec![3]);
    assert_eq!(classes(&told), ["Success", "Rejected", "NotYet", "Success"]);
}

/// An item that is cancelled before its job runs is not sent at all.
#[test]
fn a_recall_between_two_jobs_is_heeded() {
    let transport: Arc<std::sync::OnceLock<Transport>> = Arc::default();
    let late = transport.clone();
    let refusal = "C-STORE SCU to AET \"PACS\" has failed with DIMSE status 0xC000";
    let next = ends(vec![failed(0, 9, refusal, 0), succeeded(2)]);
    let (fake, asked) = orthanc(move |method, uri, body| {
        if uri == "/jobs/job" {
            late.get().unwrap().recall();
        }
        next(method, uri, body)
    });
    let transport = transport.get_or_init(|| self::transport(&fake));
    let items = items(&["a", "b", "c", "d"]);
    let told = transport.deliver(
        "pacs",
        &Batch {
            recalled: &|| vec![2],
            ..plain(&items)
        },
    );
    assert_eq!(
        classes(&told.0),
        ["Rejected", "NotYet", "Success", "Success"]
    );
    assert_eq!(asked.count(r#"{"Resources":["c","d"]"#), 1);
}
