//! No loop: what is sent as another patient's and comes back is not changed and sent once more.
//!
//! Orthanc A changes the patient ID for B, and B forwards all that it receives to A. Nothing else ends that: the ID
//! grows at each turn, and both Orthancs say `AllowLoop`.

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancConfig, Study, free_port};
use serde_json::{Value, json};

const INSTANCES: usize = 4;

/// A and B, and a third receiver of A that tells what went out.
struct Loop {
    a: Queue,
    b: Queue,
    other: FaultScp,
    instances: Vec<String>,
}

fn all_to(config: OrthancConfig, to: &[&str]) -> OrthancConfig {
    config.set(
        "/SendQueue/Rules",
        json!([{ "Name": "all", "To": to, "AllowLoop": true }]),
    )
}

impl Loop {
    /// With a study that was sent to B, which holds it.
    fn new(history_days: u64) -> Loop {
        let (port_a, port_b) = (free_port(), free_port());
        let other = FaultScp::start("OTHER");
        other.keep_bytes(true);
        let a = queue::config(&[])
            .set("DicomPort", port_a)
            .modality("b", "B", port_b)
            .modality("other", "OTHER", other.port())
            .set("/SendQueue/HistoryDays", history_days)
            .set(
                "/SendQueue/Coercions",
                json!({ "grow": [{ "Set": { "PatientID": "A-{PatientID}" } }] }),
            )
            .set("/SendQueue/Defaults/Coerce", "grow");
        let b = queue::config(&[])
            .set("DicomAet", "B")
            .set("DicomPort", port_b)
            .modality("a", "ORTHANC", port_a);
        let b = Queue::start(all_to(b, &["a"]));
        b.tell("/destinations/a/pause", &json!({}));
        let a = Queue::start(all_to(a, &["b", "other"]));
        let instances = a.store_all(&Study::new(1, INSTANCES).seed(1).patient_id("MRN7").build());
        b.wait_for("a", "Pending", INSTANCES as u64);
        Loop {
            a,
            b,
            other,
            instances,
        }
    }

    fn came_back(&self) -> u64 {
        let metrics = self.a.get("/sendqueue/metrics").ok().text();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("sendqueue_own_outputs_total "));
        line.expect("the metric").trim().parse().expect("a number")
    }

    /// B lets go, and all of it comes back.
    fn let_go(&self) {
        self.b.tell("/destinations/a/resume", &json!({}));
        self.b.wait_for("a", "Success", INSTANCES as u64);
        let all = || self.came_back() == INSTANCES as u64;
        self.a.wait_until(all, SOON, "it comes back");
    }

    /// No second round: what arrived is read, and nothing more was sent to anybody.
    fn assert_ended(&self) {
        let is_read = || {
            let last = self.a.get("/changes?last").ok().json()["Last"].as_i64();
            self.a.ask("")["Cursor"].as_i64() == last
        };
        self.a.wait_until(is_read, SOON, "all changes are read");
        let counts = &self.a.ask("")["Counts"];
        for state in ["Scheduled", "Pending", "Running", "Retry", "Failure"] {
            assert_eq!(counts[state], 0, "{counts:#}");
        }
        assert_eq!(self.b.items("").len(), INSTANCES);
        assert_eq!(self.other.acknowledged_uids().len(), INSTANCES);
        for store in self.other.stores() {
            let bytes = store.bytes.as_deref().unwrap_or_default();
            let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            assert!(has(b"A-MRN7") && !has(b"A-A-MRN7"), "once");
        }
    }
}

#[test]
fn what_comes_back_is_told_and_not_sent_again() {
    let case = Loop::new(7);
    case.let_go();
    case.assert_ended();
    let told = || case.a.log().contains("came back that this queue had sent");
    case.a.wait_until(told, SOON, "it is told");
    // Both are in Orthanc; the rules would not take what came back, a person may.
    let studies = case.a.get("/studies").ok().json();
    assert_eq!(studies.as_array().map(Vec::len), Some(2));
    let original = case
        .a
        .get(&format!("/instances/{}/study", case.instances[0]))
        .ok()
        .json();
    for study in studies.as_array().unwrap() {
        let asked = case.a.tell("/route", &json!({ "Resource": study }));
        let is_own = *study != original["ID"];
        let answers = asked["Answers"].as_array().unwrap();
        assert_eq!(answers.len(), 1, "{asked:#}");
        assert_eq!(answers[0]["OwnOutput"], is_own, "{asked:#}");
        let goes = answers[0]["Destinations"].as_array().map(Vec::len);
        assert_eq!(goes, Some(if is_own { 0 } else { 2 }), "{asked:#}");
        if is_own {
            let body = json!({ "Resources": [study], "Destinations": ["other"] });
            let queued: Value = case.a.tell("/items", &body);
            assert_eq!(queued["Enqueued"], INSTANCES);
        }
    }
    case.a.wait_for("other", "Success", 2 * INSTANCES as u64);
}

/// Killed between the sending and the coming back, and with all items pruned by then.
#[test]
fn neither_a_kill_nor_time_makes_it_unknown() {
    let mut case = Loop::new(0);
    case.a.wait_for_rest(0);
    assert!(case.a.items("").is_empty());
    case.a.kill9();
    case.a.restart().unwrap();
    case.let_go();
    case.a.wait_for_rest(0);
    case.assert_ended();
}
