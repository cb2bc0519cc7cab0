//! G8: Orthanc stays itself: resets, refused starts, its own REST calls and jobs. (Stopping: `g8_stop`.)

use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, StoreRequest, Study};
use serde_json::json;

#[test]
fn reset_twice_under_load() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    let mut expected = 0;
    for round in 0..3 {
        let instances = Study::new(1, 40).seed(round).build();
        queue.store_all(&instances);
        expected += instances.len();
        if round < 2 {
            assert!(scp.wait_for_stores(expected - 35, SOON));
            let starts = queue.log().matches("Orthanc has started").count();
            let _ = queue.post("/tools/reset", "").ok();
            queue.wait_until(
                || {
                    queue.log().matches("Orthanc has started").count() > starts
                        && queue
                            .try_request("GET", "/sendqueue", b"")
                            .is_ok_and(|a| a.status == 200)
                },
                SOON,
                "the reset",
            );
        }
    }
    queue.wait_for("pacs", "Success", expected as u64);
    assert_eq!(scp.acknowledged_uids().len(), expected);
    assert!(queue.is_running());
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
    assert_eq!(queue.stop().unwrap().exit_status.code(), Some(0));
}

#[test]
fn a_bad_configuration_is_refused_with_all_its_mistakes_at_once() {
    let config = queue::config(&["pacs"]).modality("pacs", "PACS", 104).set(
        "SendQueue",
        json!({
            "Rules": [{ "To": ["pacs", "nowhere"] , "When": { "Tags": { "PatientID": "1" } } }, { "to": ["pacs"] }],
            "HistoryDays": -1,
            "Colour": "red",
            "Defaults": { "Associations": "two", "Retry": { "MaxAttempts": 0 } }
        }),
    );
    let error = Queue::try_start(config).expect_err("it must not start");
    assert!(error.exit_code.is_some_and(|code| code != 0), "{error}");
    let said: Vec<&str> = error.log.lines().collect();
    for path in [
        "SendQueue.Rules[0].To[1]",
        "SendQueue.Rules[1]",
        "SendQueue.HistoryDays",
        "SendQueue.Colour",
        "SendQueue.Defaults.Associations",
        "SendQueue.Defaults.Retry.MaxAttempts",
    ] {
        assert!(
            said.iter().any(|line| line.contains(path)),
            "{path}: {error}"
        );
    }
    // A line for each, and one that says how many.
    let each = "a mistake in the configuration of the send queue: SendQueue.";
    let count = said.iter().filter(|line| line.contains(each)).count();
    assert_eq!(count, 7, "{error}");
    assert!(!error.log.contains("\\n"), "{error}");
    assert_eq!(error.log.matches("cannot start").count(), 1, "{error}");
    let last = "cannot start: 7 mistakes in the configuration of the send queue: each has a line above; Orthanc is stopped";
    assert!(error.log.contains(last), "{error}");
    // Orthanc is not asked for names that the standard has.
    assert!(!error.log.contains("Unknown DICOM tag"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    queue.stop();
    let file = queue.data_dir().join("index/sendqueue.db");
    for rest in ["-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(format!("{}{rest}", file.display()));
    }
    let kept = std::fs::read(&file).unwrap();
    for content in [
        &b"this is a letter, not a database, and somebody may miss it"[..],
        &kept[..5000],
    ] {
        std::fs::write(&file, content).unwrap();
        let error = queue.restart().expect_err("it must not start");
        assert!(error.log.contains("sendqueue.db"), "{error}");
        assert!(error.log.contains("cannot start"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), content);
    }
    std::fs::write(&file, kept).unwrap();
    queue.restart().unwrap();
}

#[test]
fn switched_off_it_only_says_so() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]).set("/SendQueue/Enable", false));
    queue.store_all(&Study::new(1, 2).build());
    is_off(&queue, "SendQueue.Enable is false");
    assert_eq!(scp.counters().requested, 0);
}

/// A package brings the library before anybody has asked for it.
#[test]
fn without_a_section_it_only_says_so() {
    let queue = Queue::start(queue::config_for(&[]).without("SendQueue"));
    queue.store_all(&Study::new(1, 2).build());
    is_off(&queue, "the configuration has no section \"SendQueue\"");
}

fn is_off(queue: &Queue, reason: &str) {
    let shown = queue.ask("");
    assert_eq!(shown["Enabled"], false);
    assert_eq!(shown["Reason"], reason);
    assert!(shown["Version"].is_string());
    assert_eq!(queue.get("/sendqueue/items").status, 404);
    assert!(!queue.data_dir().join("index/sendqueue.db").exists());
    let threads = std::fs::read_dir(format!("/proc/{}/task", queue.pid())).unwrap();
    for thread in threads.flatten() {
        let name = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        assert!(!name.starts_with("sq-"), "{name}");
    }
    let log = queue.log();
    assert_eq!(log.matches("the send queue is off").count(), 1, "{log}");
}

/// Orthanc's own calls and jobs, while the queue works.
#[test]
fn orthancs_own_calls_work_as_before() {
    let (pacs, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    let queue =
        Queue::start(queue::config_for(&[&pacs]).modality("other", other.aet(), other.port()));
    let ids = queue.store_all(&Study::new(1, 10).build());
    let study = queue.get("/studies").json()[0].clone();
    let sent = queue
        .post_json("/modalities/other/store", &study)
        .ok()
        .json();
    assert_eq!(sent["InstancesCount"], 10);
    assert_eq!(other.acknowledged_uids().len(), 10);
    let body = json!({ "Resources": [study], "Asynchronous": true });
    let job = queue
        .post_json("/modalities/other/store", &body)
        .ok()
        .json();
    let uri = format!("/jobs/{}", job["ID"].as_str().unwrap());
    queue.wait_until(
        || queue.get(&uri).json()["State"] == "Success",
        SOON,
        "the user's job",
    );
    let _ = queue.post("/modalities/pacs/echo", "{}").ok();
    queue.wait_for("pacs", "Success", 10);
    assert_eq!(pacs.counters().stores, 10);
    for path in [
        "/app/explorer.html",
        "/plugins/explorer.js",
        "/system",
        "/plugins",
        "/jobs?expand",
        "/changes",
        "/statistics",
    ] {
        assert_eq!(queue.get(path).status, 200, "{path}");
    }
    assert_eq!(
        queue.get(&format!("/instances/{}/file", ids[0])).status,
        200
    );
    assert_eq!(
        queue
            .delete(&format!("/studies/{}", study.as_str().unwrap()))
            .status,
        200
    );
    assert_eq!(queue.log_errors(), Vec::<String>::new());
}

/// A user's own job holds the jobs engine: the queue waits its turn and loses nothing.
#[test]
fn users_jobs_and_the_queue_share_the_engine() {
    let (pacs, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    other.set_store(sendqueue_testkit::Respond::Hang);
    let queue = Queue::start(
        queue::config_for(&[&pacs])
            .modality("other", other.aet(), other.port())
            .set("/SendQueue/Defaults/Transport", "Rest")
            .set("DicomScuTimeout", 600),
    );
    let ids = queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("pacs", "Success", 1);
    for _ in 0..2 {
        let body = json!({ "Resources": [ids[0]], "Asynchronous": true });
        let _ = queue.post_json("/modalities/other/store", &body).ok();
    }
    assert!(other.wait_for_stores(2, SOON));
    queue.store_all(&Study::new(1, 5).seed(2).build());
    queue.wait_until(
        || queue.count("pacs", "Running") > 0,
        SOON,
        "the queue has handed its instances over",
    );
    other.close_connections();
    queue.wait_for("pacs", "Success", 6);
    assert_eq!(pacs.counters().stores, 6);
}

/// DCMTK asks the environment at each association, and nothing shows what it found but the log.
#[test]
fn tcp_no_delay_is_set_unless_the_administrator_has_said_something() {
    const TOLD: &str = "TCP_NODELAY=1 is set";
    let told = |config: sendqueue_testkit::OrthancConfig| {
        let queue = Queue::start(config.verbose(true));
        queue.log().matches(TOLD).count()
    };
    let config = || queue::config(&[]).set("/SendQueue/Rules", json!([]));
    assert_eq!(told(config()), 1);
    for given in ["0", "1"] {
        let given_one = config().env("TCP_NODELAY", given);
        assert_eq!(told(given_one), 0, "{given:?}");
    }
    assert_eq!(told(config().set("/SendQueue/TcpNoDelay", false)), 0);
}

/// Orthanc takes up its unfinished jobs after a crash. The queue ends its own and no other, though a person sends the
/// very same instances.
#[test]
fn a_persons_job_with_the_same_instances_survives_a_crash() {
    let (ours, theirs) = (FaultScp::start("PACS"), FaultScp::start("THEIRS"));
    ours.set_store(Respond::Hang);
    let second = |store: &StoreRequest| match store.index_total {
        0 => Respond::Status(0),
        _ => Respond::Hang,
    };
    theirs.on_store(second);
    let config = queue::config_for(&[&ours])
        .modality("theirs", theirs.aet(), theirs.port())
        .set("DicomScuTimeout", 30)
        .set("/SendQueue/Defaults/Transport", "Rest")
        .set("/SendQueue/Defaults/Associations", 1);
    let mut queue = Queue::start(config);
    queue.tell("/destinations/pacs/pause", &json!({}));
    let instances = Study::new(1, 3).build();
    let ids = queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 3);
    let body = json!({ "Resources": ids, "Asynchronous": true });
    let _ = queue.post_json("/modalities/theirs/store", &body).ok();
    assert!(theirs.wait_for_stores(2, SOON));
    queue.tell("/destinations/pacs/resume", &json!({}));
    assert!(ours.wait_for_stores(1, SOON));
    // Orthanc saves its jobs a moment after they were submitted.
    std::thread::sleep(Duration::from_millis(500));
    queue.kill9();
    for scp in [&ours, &theirs] {
        scp.set_store(Respond::Delay(Duration::from_millis(20), 0));
    }
    queue.restart().unwrap();
    queue.wait_for("pacs", "Success", 3);
    queue.wait_until(
        || theirs.acknowledged_uids().len() == 3,
        SOON,
        "the person's job goes to its end",
    );
    let jobs = queue.get("/jobs?expand").ok().json();
    let of = |aet: &str| -> Vec<&str> {
        let jobs = jobs.as_array().unwrap().iter();
        jobs.filter(|job| job["Content"]["RemoteAet"] == aet)
            .filter_map(|job| job["State"].as_str())
            .collect()
    };
    assert_eq!(of("THEIRS"), ["Success"], "{jobs:#}");
    assert!(
        of("PACS").contains(&"Failure"),
        "ours was resumed: {jobs:#}"
    );
    assert!(
        queue
            .log()
            .contains("is cancelled: the queue sends its instances")
    );
}
