//! What is changed on its way costs its header in memory, not its pixels once more.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sendqueue_testkit::dicom::huge;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancConfig, OrthancVersion, Respond};
use serde_json::json;

/// Of 600 MB that are changed, beside what sending them as they are takes.
const MOST_OF_600: u64 = 64 << 20;
/// What two runs of the same differ by.
const NOISE: u64 = 12 << 20;

/// Memory of an Orthanc, in bytes.
#[derive(Debug, Clone, Copy)]
struct Memory {
    /// The most that it had at any time.
    peak: u64,
    /// While the receiver has all of the instance, and has not answered yet: what is sent is in memory then, and what
    /// Orthanc needed to read it is not.
    sent: u64,
}

/// A figure of proc(5)'s status, in bytes.
fn figure(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find(|line| line.starts_with(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<u64>().ok()).expect("kB") * 1024
}

/// Sends an image of so many MiB; how many bytes the receiver gets.
fn sending(megabytes: u64, change: impl FnOnce(OrthancConfig) -> OrthancConfig) -> (Memory, usize) {
    let folder = tempfile::tempdir().unwrap();
    let large = huge(&folder.path().join("huge.dcm"), megabytes << 20).unwrap();
    let receiver = FaultScp::start("PACS");
    let config = queue::config_for(&[&receiver]).set("/SendQueue/Defaults/Timeout", 60);
    let queue = Queue::start(change(config));
    let pid = queue.pid();
    let sent = Arc::new(AtomicU64::new(0));
    let seen = sent.clone();
    receiver.on_store(move |_| {
        seen.store(figure(pid, "VmRSS:"), Ordering::SeqCst);
        Respond::Status(0)
    });
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_file(&large.path);
    queue.wait_for("pacs", "Pending", 1);
    // proc(5): 5 sets the peak back to what it has now.
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the peak is set back");
    queue.tell("/destinations/pacs/resume", &json!({}));
    let arrived = || queue.count("pacs", "Success") == 1;
    let deadline = SOON + Duration::from_secs(megabytes);
    queue.wait_until(arrived, deadline, "it arrives");
    let memory = Memory {
        peak: figure(pid, "VmHWM:"),
        sent: sent.load(Ordering::SeqCst),
    };
    (memory, receiver.stores()[0].size)
}

/// `SENDQUEUE_HUGE_MB`: how large, instead of 100.
#[test]
fn changing_a_multi_frame_costs_its_header() {
    let megabytes = std::env::var("SENDQUEUE_HUGE_MB").map_or(100, |text| text.parse().unwrap());
    let most = (MOST_OF_600 * megabytes / 600).max(NOISE);
    let (plain, size) = sending(megabytes, |config| config);
    assert!(plain.sent > megabytes << 20, "nothing was measured");
    let coerced = sending(megabytes, |config| {
        config
            .set(
                "/SendQueue/Coercions",
                json!({ "sites": [{ "Prefix": { "PatientID": "A-" } }] }),
            )
            .set("/SendQueue/Defaults/Coerce", "sites")
            .set("/SendQueue/Defaults/OriginalAttributes", true)
    });
    let (folder, inside) = OrthancVersion::under_test().folder();
    fs::write(folder.path().join("trial.key"), "0123456789abcdef").expect("a key");
    let key = inside.join("trial.key");
    let deidentified = sending(megabytes, |config| {
        config
            .set(
                "/SendQueue/Deidentifications/trial",
                json!({ "Profile": "Basic", "KeyFile": key, "Allow": [ "SC", "SECONDARY" ] }),
            )
            .set("/SendQueue/Defaults/Deidentify", "trial")
    });
    for (how, (memory, changed_size)) in [("coerced", coerced), ("de-identified", deidentified)] {
        assert_ne!(changed_size, size, "it was not changed");
        for (what, more, than) in [
            ("at most", memory.peak, plain.peak),
            ("while it is sent", memory.sent, plain.sent),
        ] {
            let [more, than, most] = [more, than, most].map(|bytes| bytes >> 20);
            println!("{what}: {more} MiB {how}, {than} MiB as it is");
            assert!(
                more <= than + most,
                "{what}, {how}: {most} MiB more are allowed"
            );
        }
    }
}
