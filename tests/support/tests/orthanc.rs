//! Real Orthancs: each of those that are there starts, sends, survives and stops.

use std::time::{Duration, Instant};

use sendqueue_testkit::{
    Association, FaultScp, Instance, Orthanc, OrthancConfig, OrthancVersion, Respond, Study,
};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(30);

fn start(version: OrthancVersion, config: OrthancConfig) -> Orthanc {
    Orthanc::start(version, config.env("TCP_NODELAY", "1"))
        .unwrap_or_else(|error| panic!("{version:?}: {error}"))
}

/// The machine's own must be there; the others are tested where they are (with all of them asked for: must be).
fn versions() -> Vec<OrthancVersion> {
    let found = OrthancVersion::available();
    assert!(
        found.contains(&OrthancVersion::Machine),
        "no Orthanc on this machine"
    );
    if std::env::var_os("SENDQUEUE_MATRIX_DIR").is_some() {
        assert_eq!(
            found,
            OrthancVersion::ALL,
            "SENDQUEUE_MATRIX_DIR is set, and not all are there"
        );
    }
    found
}

#[test]
fn each_starts_answers_and_stops() {
    for version in versions() {
        let mut orthanc = start(version, OrthancConfig::new().set("Name", "Kit"));
        let system = orthanc.get("/system").ok().json();
        assert_eq!(system["Name"], "Kit");
        let number = system["Version"].as_str().unwrap_or_default();
        match version {
            OrthancVersion::Machine => assert!(number.starts_with("1."), "{number}"),
            OrthancVersion::Trixie => assert!(number.starts_with("1.12."), "{number}"),
            OrthancVersion::Forky => assert!(number.starts_with("1."), "{number}"),
        }
        assert_eq!(system["DicomPort"], orthanc.dicom_port());
        assert!(orthanc.rss_kb() > 1000);
        assert!(
            orthanc.data_dir().join("index").join("index").is_file(),
            "the database is in its folder"
        );
        assert!(
            orthanc.log().contains("Orthanc has started"),
            "{}",
            orthanc.log()
        );
        let folder = orthanc.data_dir().to_owned();
        let report = orthanc.stop().expect("it runs");
        assert!(report.exit_status.success() && !report.killed, "{report:?}");
        assert!(orthanc.stop().is_none());
        drop(orthanc);
        assert!(!folder.exists());
    }
}

#[test]
fn what_it_stored_survives_restart_and_kill() {
    for version in versions() {
        let mut orthanc = start(version, OrthancConfig::new());
        let id = orthanc.store(&Study::new(1, 1).instance(1, 1).bytes);
        let ports = (orthanc.http_port(), orthanc.dicom_port());
        orthanc.restart().expect("a restart");
        assert_eq!(orthanc.get("/instances").json(), json!([id]));
        orthanc.kill9();
        assert!(!orthanc.is_running());
        assert!(orthanc.try_request("GET", "/system", &[]).is_err());
        orthanc
            .restart_with(OrthancConfig::new().set("Name", "Other"))
            .expect("a restart");
        assert_eq!(orthanc.get("/instances").json(), json!([id]));
        assert_eq!(orthanc.get("/system").json()["Name"], "Other");
        assert_eq!((orthanc.http_port(), orthanc.dicom_port()), ports);
    }
}

#[test]
fn a_refused_configuration_comes_with_its_log() {
    for version in versions() {
        let begin = Instant::now();
        let config = OrthancConfig::new().set("DicomPort", "not a number");
        let error =
            Orthanc::start(version, config.set("StorageDirectory", 5)).expect_err("a wrong type");
        assert!(error.exit_code.is_some_and(|code| code != 0), "{error}");
        assert!(error.log.contains("StorageDirectory"), "{error}");
        assert!(begin.elapsed() < LONG);
    }
}

#[test]
fn a_library_that_is_none_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("libNothing.so");
    std::fs::write(&library, "no library").expect("a file");
    for version in versions() {
        match Orthanc::start(version, OrthancConfig::new().plugin(&library)) {
            Err(error) => assert!(error.log.contains("libNothing.so"), "{error}"),
            Ok(orthanc) => panic!("{version:?} took it: {}", orthanc.log()),
        }
    }
}

/// Runs `/modalities/sink/store` as a job and waits for its end.
fn job(orthanc: &Orthanc, resources: &[String], timeout: u32) -> Value {
    let body = json!({ "Resources": resources, "Asynchronous": true, "Timeout": timeout });
    let id = orthanc
        .post_json("/modalities/sink/store", &body)
        .ok()
        .json()["ID"]
        .clone();
    let path = format!("/jobs/{}", id.as_str().expect("an ID"));
    let mut job = Value::Null;
    let ended = || {
        job = orthanc.get(&path).ok().json();
        job["State"] == "Success" || job["State"] == "Failure"
    };
    orthanc.wait_until(ended, LONG, "the job has ended");
    job
}

#[test]
fn orthanc_sees_each_fault() {
    for version in versions() {
        let scp = FaultScp::start("SINK");
        let orthanc = start(
            version,
            OrthancConfig::new().modality("sink", "SINK", scp.port()),
        );
        let study: Vec<Instance> = Study::new(1, 8).build();
        let ids = orthanc.store_all(&study);

        let done = job(&orthanc, &ids, 10);
        assert_eq!(done["State"], "Success", "{version:?}: {done}");
        assert_eq!(scp.acknowledged_uids().len(), 8);

        for (what, words) in [
            (Respond::Status(0xC123), "0xC123"),
            (Respond::Abort, "C-STORE to AET \"SINK\": Peer aborted"),
            (Respond::Close, "C-STORE to AET \"SINK\": Peer aborted"),
            (Respond::Hang, "timeout"),
        ] {
            scp.clear();
            scp.on_store(move |store| match store.index_in_association {
                3 => what,
                _ => Respond::Status(0),
            });
            let failed = job(&orthanc, &ids, 1);
            assert_eq!(failed["State"], "Failure", "{version:?} {what:?}: {failed}");
            assert!(
                failed["ErrorDetails"]
                    .as_str()
                    .is_some_and(|text| text.contains(words)),
                "{version:?}: {failed}"
            );
            // Three of eight: 37.5 is rounded up. This is how the plugin learns what was sent.
            assert_eq!(failed["Progress"], 38, "{version:?}: {failed}");
            assert_eq!(scp.acknowledged_uids().len(), 3);
        }

        for (what, words) in [
            (
                Association::Reject {
                    result: 1,
                    source: 1,
                    reason: 1,
                },
                "connecting to AET \"SINK\": DUL Association Rejected",
            ),
            (
                Association::AcceptNoContext,
                "Unable to negotiate a presentation context",
            ),
            (
                Association::HangBeforeAccept,
                "connecting to AET \"SINK\": DUL network read timeout",
            ),
            (
                Association::CloseAtOnce,
                "connecting to AET \"SINK\": Peer aborted",
            ),
            (
                Association::AbortAtOnce,
                "connecting to AET \"SINK\": Peer aborted",
            ),
        ] {
            scp.clear();
            scp.set_association(what);
            let failed = job(&orthanc, &ids, 1);
            assert!(
                failed["ErrorDetails"]
                    .as_str()
                    .is_some_and(|text| text.contains(words)),
                "{version:?}: {failed}"
            );
            assert_eq!(failed["Progress"], 0);
            assert_eq!(scp.counters().stores, 0);
        }
        scp.set_association(Association::Accept);
        scp.set_status(0);
        scp.stop();
        let failed = job(&orthanc, &ids, 1);
        assert!(
            failed["ErrorDetails"]
                .as_str()
                .is_some_and(|text| text.contains("TCP Initialization Error")),
            "{failed}"
        );
        scp.restart();
        assert_eq!(job(&orthanc, &ids, 10)["State"], "Success");
        assert!(
            !orthanc.log_errors().is_empty(),
            "Orthanc has logged the faults as errors"
        );
    }
}

#[test]
fn echoes_are_counted_and_can_fail() {
    let scp = FaultScp::start("SINK");
    let orthanc = start(
        OrthancVersion::Machine,
        OrthancConfig::new().modality("sink", "SINK", scp.port()),
    );
    let echo = || {
        orthanc
            .post_json("/modalities/sink/echo", &json!({ "Timeout": 1 }))
            .status
    };
    assert_eq!(echo(), 200);
    scp.set_echo(Respond::Status(0x0122));
    assert_eq!(echo(), 500);
    scp.set_echo(Respond::Hang);
    assert_eq!(echo(), 500);
    assert_eq!(scp.counters().echoes, 3);
}

#[test]
fn raw_paths_reach_the_server_as_they_are() {
    for version in versions() {
        let orthanc = start(version, OrthancConfig::new());
        let odd = "/instances/%2e%2e%2f'\"<x>";
        let answer = orthanc
            .raw("GET", odd, &[("X-Odd", "1")], &[])
            .expect("an answer");
        assert_ne!(answer.status, 200, "{}", answer.text());
        let plain = orthanc.raw("GET", "/system", &[], &[]).expect("an answer");
        assert_eq!(plain.json(), orthanc.get("/system").json());
        assert!(
            plain
                .header("content-type")
                .is_some_and(|value| value.contains("json"))
        );
        let bytes = Study::new(1, 1).instance(1, 1).bytes;
        let stored = orthanc
            .raw("POST", "/instances", &[], &bytes)
            .expect("an answer");
        assert_eq!(stored.status, 200, "{}", stored.text());
        assert_eq!(
            orthanc
                .put("/modalities/x", r#"["A", "127.0.0.1", 104]"#)
                .status,
            200
        );
        assert_eq!(orthanc.delete("/modalities/x").status, 200);
        assert_eq!(orthanc.delete("/instances/none").status, 404);
    }
}
