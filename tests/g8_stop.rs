//! G8: Orthanc stops within 5 s whatever the receivers do, and goes on after the start with what was cut: no attempt
//! counted, nothing sent twice that was acknowledged, no job of the last run resumed.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{
    Association, FaultScp, Orthanc, OrthancConfig, OrthancVersion, Respond, Study,
};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(5);

/// How long this Orthanc takes to stop without any plugin, having done nothing.
fn plain() -> Duration {
    let mut orthanc = Orthanc::start(OrthancVersion::under_test(), OrthancConfig::new()).unwrap();
    orthanc.stop().unwrap().took
}

/// Stops it and compares. On a machine that is busy with other things, a plain Orthanc may need the 5 s itself.
#[track_caller]
fn stop(queue: &mut Queue, what: &str) {
    let report = queue.stop().expect("it runs");
    let plain = plain();
    println!("{what}: {:.1?}, a plain Orthanc {plain:.1?}", report.took);
    assert!(!report.killed);
    assert_eq!(report.exit_status.code(), Some(0), "{}", queue.log());
    assert!(
        report.took <= LIMIT.max(plain + Duration::from_millis(1200)),
        "{what}: {:?}, a plain Orthanc takes {plain:?}\n{}",
        report.took,
        queue.log()
    );
}

/// After the restart with a good receiver: everything arrives, at most once more, with one attempt.
#[track_caller]
fn finishes_after_restart(queue: &mut Queue, scp: &FaultScp, n: usize) {
    let before: Vec<(String, bool)> = scp
        .stores()
        .iter()
        .map(|store| (store.sop_instance_uid.clone(), store.acknowledged()))
        .collect();
    scp.set_association(Association::Accept);
    scp.set_status(0);
    queue.restart().unwrap();
    let name = queue::name_of(scp);
    queue.wait_for(&name, "Success", n as u64);
    for item in queue.items(&format!("destination={name}")) {
        assert_eq!(item["AttemptCount"], 1, "{item:#}");
        let uid = item["SopInstanceUid"].as_str().unwrap();
        let cut = before.iter().filter(|(sent, _)| sent == uid).count();
        let acknowledged = before.iter().any(|(sent, done)| sent == uid && *done);
        let again = scp.count_of(uid) - cut;
        assert_eq!(again, usize::from(!acknowledged), "{uid} after the restart");
    }
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}

fn config(scp: &FaultScp) -> OrthancConfig {
    queue::config_for(&[scp]).set("DicomScuTimeout", 30)
}

#[test]
fn idle() {
    let scp = FaultScp::start("GOOD");
    let mut queue = Queue::start(config(&scp));
    queue.store_all(&Study::new(1, 5).build());
    queue.wait_for("good", "Success", 5);
    stop(&mut queue, "idle");
}

#[test]
fn a_receiver_is_silent_after_c_store() {
    silent_after_c_store("Native");
}

#[test]
fn a_receiver_is_silent_after_c_store_over_rest() {
    silent_after_c_store("Rest");
}

fn silent_after_c_store(transport: &str) {
    let scp = FaultScp::start("SILENT");
    scp.on_store(|store| {
        if store.index_total < 3 {
            Respond::Status(0)
        } else {
            Respond::Hang
        }
    });
    let mut queue = Queue::start(config(&scp).set("/SendQueue/Defaults/Transport", transport));
    queue.store_all(&Study::new(1, 12).build());
    assert!(scp.wait_for_stores(4, SOON));
    stop(&mut queue, "silent after C-STORE");
    finishes_after_restart(&mut queue, &scp, 12);
}

#[test]
fn a_receiver_is_silent_before_it_accepts() {
    let scp = FaultScp::start("SILENT");
    scp.set_association(Association::HangBeforeAccept);
    let mut queue = Queue::start(config(&scp));
    queue.store_all(&Study::new(1, 5).build());
    assert!(scp.wait_for(|counters| counters.requested >= 1, SOON));
    stop(&mut queue, "silent before A-ASSOCIATE-AC");
    finishes_after_restart(&mut queue, &scp, 5);
}

/// The probe of an outage (C-ECHO) is under way.
#[test]
fn a_receiver_is_silent_after_c_echo() {
    let scp = FaultScp::start("SILENT");
    scp.set_store(Respond::Abort);
    scp.set_echo(Respond::Hang);
    // Natively nothing is asked before a trial.
    let mut queue = Queue::start(config(&scp).set("/SendQueue/Defaults/Transport", "Rest"));
    queue.store_all(&Study::new(1, 5).build());
    assert!(scp.wait_for(|counters| counters.echoes >= 1, SOON));
    stop(&mut queue, "silent after C-ECHO");
}

/// An address that takes no connection and refuses none: what a machine that is switched off looks like.
struct BlackHole {
    _listener: TcpListener,
    _fill: Vec<TcpStream>,
    address: SocketAddr,
}

impl BlackHole {
    /// A listener whose backlog is full: further SYNs are dropped.
    fn new() -> BlackHole {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut fill = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            fill.push(stream);
            assert!(fill.len() < 10_000, "the backlog never fills");
        }
        BlackHole {
            _listener: listener,
            _fill: fill,
            address,
        }
    }
}

#[test]
fn a_receiver_is_switched_off() {
    let hole = BlackHole::new();
    let good = FaultScp::start("GOOD");
    let mut queue = Queue::start(
        queue::config(&["off", "good"])
            .modality("off", "OFF", hole.address.port())
            .modality("good", "GOOD", good.port())
            .set("DicomScuTimeout", 30),
    );
    queue.store_all(&Study::new(1, 5).build());
    queue.wait_for("good", "Success", 5);
    stop(&mut queue, "switched off (first send)");
    // After the start the first thing may be a probe.
    queue.restart().unwrap();
    queue.tell("/destinations/off/resume", &json!({}));
    stop(&mut queue, "switched off (again)");
}

#[test]
fn under_load() {
    let scp = FaultScp::start("SLOW");
    scp.set_store(Respond::Delay(Duration::from_millis(50), 0));
    let other = FaultScp::start("SILENT");
    other.set_store(Respond::Hang);
    let mut queue = Queue::start(queue::config_for(&[&scp, &other]).set("DicomScuTimeout", 30));
    let instances = Study::new(2, 60).build();
    queue.store_all(&instances);
    assert!(scp.wait_for_stores(20, SOON));
    assert!(other.wait_for_stores(1, SOON));
    let stored = std::thread::scope(|scope| {
        let port = queue.dicom_port();
        let sender = scope.spawn(move || {
            let more = Study::new(1, 200).seed(9).build();
            let _ = sendqueue_testkit::dcmtk::StoreScu::to("ORTHANC", port)
                .env("TCP_NODELAY", "1")
                .send(&more);
        });
        stop(&mut queue, "under load");
        sender.join().unwrap();
        scp.set_status(0);
        other.set_status(0);
        queue.restart().unwrap();
        queue.get("/instances").json().as_array().unwrap().len()
    });
    queue.wait_for("slow", "Success", stored as u64);
    queue.wait_for("silent", "Success", stored as u64);
    for scp in [&scp, &other] {
        for store in scp.stores() {
            let uid = &store.sop_instance_uid;
            let done = scp
                .stores()
                .iter()
                .filter(|s| s.sop_instance_uid == *uid && s.acknowledged())
                .count();
            assert_eq!(done, 1, "{uid} was acknowledged {done} times");
        }
    }
}
