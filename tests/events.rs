//! What other systems are told: each thing once and in its order, whatever ends in between.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::webhook::Reply;
use sendqueue_testkit::{FaultScp, OrthancConfig, Study, Webhook, poll};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(120);
const ALL: [&str; 5] = [
    "instance.stored",
    "instance.delivered",
    "instance.failed",
    "study.complete",
    "study.delivered",
];

fn config(receivers: &[&FaultScp], events: Value) -> OrthancConfig {
    queue::config_for(receivers).set("/SendQueue/Events", events)
}

/// All there are, by pages.
fn events(queue: &Queue) -> Vec<Value> {
    let (mut all, mut since) = (Vec::new(), 0);
    loop {
        let page = queue.ask(&format!("/events?since={since}&limit=7"));
        assert_eq!(page["Forgotten"], 0);
        all.extend(page["Events"].as_array().unwrap().iter().cloned());
        if page["Done"] == true {
            return all;
        }
        since = page["Last"].as_i64().unwrap();
    }
}

fn of<'a>(all: &'a [Value], kind: &str) -> Vec<&'a Value> {
    all.iter().filter(|event| event["type"] == kind).collect()
}

fn wait_for(queue: &Queue, kind: &str, count: usize) -> Vec<Value> {
    let found = || of(&events(queue), kind).len();
    queue.wait_until(|| found() >= count, SOON, kind);
    events(queue)
}

/// The elements are those of a recipe that gives a new accession number.
#[test]
fn what_happens_is_told_with_what_is_asked_for() {
    let (pacs, vna) = (FaultScp::start("PACS"), FaultScp::start("VNA"));
    let section = json!({
        "On": ALL, "Tags": ["AccessionNumber", "0008,1030"], "Tenant": "CallingAet", "QuietSeconds": 1,
    });
    let config = config(&[&pacs, &vna], section)
        .set(
            "/SendQueue/Coercions",
            json!({ "renumber": [{ "Set": { "AccessionNumber": "NEW-1" } }] }),
        )
        .set(
            "/SendQueue/Destinations/vna",
            json!({ "Coerce": "renumber" }),
        );
    let queue = Queue::start(config);
    let study = Study::new(1, 3)
        .seed(1)
        .tag((0x0008, 0x0050), "SH", "OLD-1")
        .tag((0x0008, 0x1030), "LO", "Thorax");
    let instances = study.build();
    queue.store_all(&instances);
    queue.wait_for_rest(6);
    wait_for(&queue, "study.complete", 1);
    let all = wait_for(&queue, "study.delivered", 2);
    let tags = json!({ "AccessionNumber": "OLD-1", "0008,1030": "Thorax" });

    let stored = of(&all, "instance.stored");
    let uids: BTreeSet<&str> = (stored.iter())
        .map(|event| event["data"]["SopInstanceUid"].as_str().unwrap())
        .collect();
    let expected: BTreeSet<&str> = (instances.iter())
        .map(|instance| instance.sop_instance_uid.as_str())
        .collect();
    assert_eq!((stored.len(), &uids), (3, &expected));
    let one = stored[0];
    assert_eq!(one["specversion"], "1.0");
    let data = &one["data"];
    assert_eq!(data["Tags"], tags);
    assert_eq!(data["StudyInstanceUid"], study.study_uid());
    assert!(data["SeriesInstanceUid"].as_str().unwrap().contains('.'));
    for key in ["Rows", "Columns", "SizeBytes"] {
        assert!(data[key].as_u64().unwrap() > 0, "{key}: {data:#}");
    }
    assert_eq!(data["Origin"], "RestApi");
    assert_eq!(data["TransferSyntaxUid"], "1.2.840.10008.1.2.1");
    assert!(
        data["SopClassUid"]
            .as_str()
            .unwrap()
            .starts_with("1.2.840.10008.5.1.4.1.1.")
    );
    assert_eq!(data["TraceID"].as_str().unwrap().len(), 36);
    let time = one["time"].as_str().unwrap();
    assert!(time.len() == 27 && time.ends_with('Z'), "{time}");

    let delivered = of(&all, "instance.delivered");
    assert_eq!(delivered.len(), 6);
    for event in &delivered {
        let data = &event["data"];
        assert_eq!(
            (&data["DimseStatus"], &data["Class"]),
            (&json!(0), &json!("Success"))
        );
        assert!(data["Item"].as_i64().unwrap() > 0);
        assert_eq!(data["StudyInstanceUid"], study.study_uid());
        assert_eq!(data.get("Tags"), None);
    }
    assert_eq!(of(&all, "instance.failed"), Vec::<&Value>::new());
    let complete = of(&all, "study.complete");
    assert_eq!(complete[0]["data"]["Tags"], tags);
    // Who asks for it learns what each destination got.
    for event in of(&all, "study.delivered") {
        let data = &event["data"];
        assert_eq!(
            (&data["Revision"], &data["Instances"]),
            (&json!(1), &json!(3))
        );
        let accession = match data["Destination"].as_str().unwrap() {
            "vna" => "NEW-1",
            _ => "OLD-1",
        };
        assert_eq!(data["Tags"], tags);
        let sent = json!({ "AccessionNumber": accession, "0008,1030": "Thorax" });
        assert_eq!(data["SentTags"], sent, "{data:#}");
        assert_eq!(data["SentStudyInstanceUid"], study.study_uid());
    }
    // In its order, each with a name of its own.
    let numbers: Vec<i64> = (all.iter())
        .map(|event| event["sequence"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let names: BTreeSet<(&str, &str)> = (all.iter())
        .map(|event| {
            (
                event["type"].as_str().unwrap(),
                event["id"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(names.len(), all.len());

    // What fails, and a late one.
    pacs.set_status(0xC000);
    queue.store_all(
        &Study::new(1, 4)
            .seed(1)
            .tag((0x0008, 0x0050), "SH", "OLD-1")
            .build()[3..],
    );
    let all = wait_for(&queue, "instance.failed", 1);
    let failed = of(&all, "instance.failed")[0];
    assert_eq!(failed["data"]["Destination"], "pacs");
    assert_eq!(failed["data"]["DimseStatus"], 0xC000);
    wait_for(&queue, "study.complete", 2);
    let all = wait_for(&queue, "study.delivered", 3);
    assert_eq!(of(&all, "study.complete")[1]["data"]["Revision"], 2);
    let again = of(&all, "study.delivered")[2];
    assert_eq!(
        again["data"]["Destination"], "vna",
        "at the PACS one has failed"
    );
    assert_eq!(again["data"]["Revision"], 2);
}

#[test]
fn whose_it_is_is_told_by_the_aet_that_is_asked_for() {
    for (tenant, expected) in [("CalledAet", "ORTHANC"), ("CallingAet", "CT1")] {
        let scp = FaultScp::start("PACS");
        let section = json!({ "On": ["instance.stored"], "Tenant": tenant });
        let queue = Queue::start(config(&[&scp], section));
        let sent = StoreScu::to("ORTHANC", queue.dicom_port())
            .calling("CT1")
            .send(&Study::new(1, 1).build());
        assert!(sent.expect("storescu").status.success());
        let all = wait_for(&queue, "instance.stored", 1);
        let data = &all[0]["data"];
        assert_eq!(data["Tenant"], expected, "{data:#}");
        let from = [&data["CallingAet"], &data["CalledAet"], &data["Origin"]];
        assert_eq!(from, ["CT1", "ORTHANC", "DicomProtocol"]);
        assert_eq!(data["RemoteIp"], "127.0.0.1");
        let text = data.to_string();
        assert!(!text.contains("Patient"), "nobody asked for it: {text}");
    }
}

#[test]
fn whatever_ends_in_between_each_is_told_once() {
    if std::env::var_os("SENDQUEUE_PLUGIN").is_some() {
        eprintln!("a library given by SENDQUEUE_PLUGIN may be a release, which has no fail points");
        return;
    }
    for (seed, point) in (1..).zip(["arrived", "enqueued", "told", "finished", "events"]) {
        let scp = FaultScp::start("PACS");
        let section = json!({ "On": ALL, "QuietSeconds": 1 });
        let config = config(&[&scp], section);
        let mut queue = Queue::start(config.clone().env("SENDQUEUE_FAIL_POINT", point));
        let mut held = BTreeSet::new();
        for instance in &Study::new(1, 12).seed(seed).build() {
            let stored = queue.try_request("POST", "/instances", &instance.bytes);
            if stored.is_ok_and(|answer| answer.status == 200) {
                held.insert(instance.sop_instance_uid.clone());
            }
        }
        assert!(poll(|| !queue.is_running(), LONG), "{point}");
        queue.restart_with(config).expect("Orthanc");
        wait_for(&queue, "study.delivered", 1);
        let all = events(&queue);
        let count = |kind: &str| {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for event in of(&all, kind) {
                let uid = event["data"]["SopInstanceUid"].as_str().unwrap();
                *counts.entry(uid.to_owned()).or_default() += 1;
            }
            counts
        };
        // Orthanc may have stored the one that it could not answer for any more.
        for kind in ["instance.stored", "instance.delivered"] {
            let counts = count(kind);
            let told: BTreeSet<String> = counts.keys().cloned().collect();
            assert!(held.is_subset(&told), "{point}, {kind}: {counts:?}");
            assert!(
                counts.values().all(|n| *n == 1),
                "{point}, {kind}: {counts:?}"
            );
        }
        let kinds: Vec<&str> = (all.iter())
            .map(|one| one["type"].as_str().unwrap())
            .collect();
        let last = kinds.iter().rposition(|kind| *kind == "instance.delivered");
        let study = kinds.iter().rposition(|kind| *kind == "study.delivered");
        assert!(last < study, "{point}: {kinds:?}");
    }
}

#[test]
fn who_waits_is_answered_at_once_and_a_stop_waits_for_nobody() {
    let scp = FaultScp::start("PACS");
    let mut queue =
        Queue::start(config(&[&scp], json!({ "On": ["instance.stored"] })).verbose(true));
    let status = queue.ask("/events/status");
    assert_eq!(status["On"], json!(["instance.stored"]));
    assert_eq!((&status["First"], &status["Last"]), (&json!(0), &json!(0)));
    let nothing = queue.ask("/events");
    assert_eq!(
        nothing,
        json!({ "Events": [], "Last": 0, "Done": true, "Forgotten": 0 })
    );
    std::thread::scope(|scope| {
        // One of them may come while the ninth one waits.
        let wait = || loop {
            let answer = queue.get("/sendqueue/events?wait=60");
            if answer.status != 503 {
                return answer;
            }
            assert_eq!(answer.header("Retry-After"), Some("1"));
        };
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(wait)).collect();
        queue.wait_until(
            || queue.get("/sendqueue/events?wait=1").status == 503,
            SOON,
            "only eight wait at once",
        );
        queue.store_all(&Study::new(1, 1).build());
        for one in waiting {
            let answer = one.join().unwrap().ok().json();
            assert_eq!(answer["Events"].as_array().unwrap().len(), 1);
        }
    });
    let refused = queue.get("/sendqueue/events?wait=61");
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("wait"), "{}", refused.text());
    let since = queue.ask("/events")["Last"].as_i64().unwrap();
    let asked = |queue: &Queue| queue.log().matches("GET /sendqueue/events").count();
    let before = asked(&queue);
    let mut waiting = TcpStream::connect(("127.0.0.1", queue.http_port())).unwrap();
    let request =
        format!("GET /sendqueue/events?since={since}&wait=60 HTTP/1.1\r\nHost: x\r\n\r\n");
    waiting.write_all(request.as_bytes()).unwrap();
    queue.wait_until(|| asked(&queue) > before, SOON, "it is asked");
    assert!(!queue.stop().unwrap().killed);
}

#[test]
fn without_the_section_nothing_is_written() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 3).build());
    queue.wait_for_rest(3);
    let status = queue.ask("/events/status");
    assert_eq!(status["On"], json!([]));
    assert_eq!(
        (&status["Last"], &status["Waiting"]),
        (&json!(0), &json!(0))
    );
    // It can be asked for while Orthanc runs.
    let section = json!({ "Rules": [{ "To": ["pacs"] }], "Events": { "On": ["instance.stored"] } });
    queue.tell("/reload", &section);
    queue.store_all(&Study::new(1, 2).seed(2).build());
    assert_eq!(wait_for(&queue, "instance.stored", 2).len(), 2);
}

/// Positions of what came, in the order in which it came, the repeated ones too.
fn positions(webhook: &Webhook) -> Vec<i64> {
    let hooks = webhook.hooks();
    let accepted = hooks.iter().filter(|hook| hook.reply == Reply::Status(200));
    accepted
        .map(|hook| hook.json()["sequence"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn hooked(scp: &FaultScp, webhook: &Webhook) -> OrthancConfig {
    let hook = json!({ "Url": webhook.url(), "Secret": "s3cret", "On": ["instance.delivered"] });
    let section = json!({ "On": ["instance.stored", "instance.delivered"], "Webhook": hook });
    config(&[scp], section)
}

#[test]
fn a_webhook_gets_each_event_in_its_order_whatever_becomes_of_it() {
    let scp = FaultScp::start("PACS");
    let mut webhook = Webhook::start();
    let config = hooked(&scp, &webhook);
    let mut queue = Queue::start(config.clone());
    queue.store_all(&Study::new(1, 3).build());
    queue.wait_until(|| positions(&webhook).len() == 3, SOON, "three are told");
    let hook = webhook.hooks().pop().unwrap();
    assert!(hook.is_signed_with("s3cret"));
    let content = hook.header("Content-Type").unwrap();
    assert!(
        content.starts_with("application/cloudevents+json"),
        "{content}"
    );
    assert_eq!(hook.json()["type"], "instance.delivered");

    // It is away, and Orthanc is killed meanwhile.
    webhook.stop();
    queue.store_all(&Study::new(1, 3).seed(2).build());
    let failing =
        |queue: &Queue| queue.ask("/events/status")["Webhook"]["FailingSince"].is_string();
    queue.wait_until(|| failing(&queue), SOON, "it is known");
    queue.wait_for_rest(6);
    queue.kill9();
    queue.restart().unwrap();
    webhook.restart();
    queue.wait_until(|| positions(&webhook).len() == 6, LONG, "six are told");
    queue.wait_until(|| !failing(&queue), SOON, "it is well");
    let all = positions(&webhook);
    assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    let status = queue.ask("/events/status")["Webhook"].clone();
    assert_eq!(
        (&status["Dropped"], &status["Waiting"]),
        (&json!(0), &json!(0))
    );

    // The end between the receiver's answer and our note of it: one comes twice, with one name.
    if std::env::var_os("SENDQUEUE_PLUGIN").is_none() {
        queue
            .restart_with(config.clone().env("SENDQUEUE_FAIL_POINT", "posted"))
            .unwrap();
        queue.store_all(&Study::new(1, 1).seed(3).build());
        assert!(poll(|| !queue.is_running(), LONG));
        queue.restart_with(config.clone()).unwrap();
        queue.wait_until(|| positions(&webhook).len() == 8, LONG, "it is told again");
        let hooks = webhook.hooks();
        let ids: Vec<Value> = hooks.iter().map(|hook| hook.json()["id"].clone()).collect();
        assert_eq!(ids[ids.len() - 1], ids[ids.len() - 2]);
    }

    // Told again on request.
    let before = positions(&webhook).len();
    let again = queue.tell("/events/replay", &json!({ "From": all[4] }));
    assert_eq!(
        (&again["Since"], &again["Webhook"]),
        (&json!(all[4] - 1), &json!(true))
    );
    queue.wait_until(
        || positions(&webhook).len() > before,
        SOON,
        "it is told again",
    );
    assert_eq!(positions(&webhook)[before], all[4]);
    let everything = queue.tell("/events/replay", &json!({ "From": "1d" }));
    assert_eq!(everything["Since"], 0);
    for (body, words) in [
        (json!({}), "From: found nothing"),
        (json!({ "From": 0 }), "an integer of 1 or more"),
        (json!({ "From": "yesterday" }), "a moment"),
        (json!({ "Since": 1 }), "From"),
    ] {
        let refused = queue.post_json("/sendqueue/events/replay", &body);
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains(words), "{}", refused.text());
    }
}

#[test]
fn a_webhook_that_hangs_or_is_not_there_holds_up_nobody() {
    let scp = FaultScp::start("PACS");
    let webhook = Webhook::start();
    webhook.set(Reply::Hang);
    let mut queue = Queue::start(hooked(&scp, &webhook));
    queue.store_all(&Study::new(1, 5).build());
    queue.wait_until(|| webhook.held() >= 1, SOON, "one hangs");
    queue.wait_for_rest(5);
    assert_eq!(events(&queue).len(), 10, "who asks is told");
    let report = queue.stop().unwrap();
    assert!(!report.killed);
    assert_eq!(positions(&webhook), Vec::<i64>::new());
    // An address that is wrong is nobody's end.
    webhook.set(Reply::Status(404));
    queue.restart().unwrap();
    let error = |queue: &Queue| queue.ask("/events/status")["Webhook"]["LastError"].clone();
    queue.wait_until(|| error(&queue).to_string().contains("404"), SOON, "404");
    webhook.set(Reply::Status(200));
    queue.wait_until(|| positions(&webhook).len() == 5, LONG, "all are told");
}

/// The first block of this language in the page.
fn block_of(page: &str, language: &str) -> String {
    let path = format!("{}/docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let after = text.split_once(&format!("```{language}\n")).unwrap().1;
    after.split_once("\n```").unwrap().0.to_owned()
}

#[test]
fn the_program_of_the_documentation_loses_nothing_and_counts_nothing_twice() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(config(&[&scp], json!({ "On": ["instance.stored"] })));
    let folder = tempfile::tempdir().unwrap();
    let program = block_of("events.md", "python");
    let shown = "http://localhost:8042";
    assert!(program.contains(shown));
    let own = format!("http://127.0.0.1:{}", queue.http_port());
    std::fs::write(folder.path().join("ris.py"), program.replace(shown, &own)).unwrap();
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(arguments).current_dir(folder.path());
        command
    };
    let count = || {
        let counting = "import sqlite3; print(sqlite3.connect('ris.db').execute('SELECT count(*) FROM event').fetchone()[0])";
        let output = python(&["-c", counting]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let mut running = python(&["ris.py"]).spawn().unwrap();
    queue.store_all(&Study::new(1, 5).build());
    queue.wait_until(|| count() == "5", LONG, "five are read");
    // Killed, while Orthanc is killed too.
    running.kill().unwrap();
    running.wait().unwrap();
    queue.store_all(&Study::new(1, 3).seed(2).build());
    queue.kill9();
    queue.restart().unwrap();
    let mut running = python(&["ris.py"]).spawn().unwrap();
    queue.wait_until(|| count() == "8", LONG, "eight are read");
    queue.store_all(&Study::new(1, 1).seed(3).build());
    queue.wait_until(|| count() == "9", LONG, "each once");
    running.kill().unwrap();
    running.wait().unwrap();
}
