//! G7, and the age of what waits: a machine's clock that is set expires nothing that did not really wait.
//!
//! The clock is Orthanc's alone (libfaketime); what elapses is the machine's.

use std::path::{Path, PathBuf};

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancConfig, OrthancVersion, Study};

/// A file that says by how much the clock is wrong.
struct WrongClock(tempfile::TempDir);

impl WrongClock {
    fn new() -> WrongClock {
        let clock = WrongClock(tempfile::tempdir().unwrap());
        clock.set("+0");
        clock
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("clock")
    }

    fn set(&self, by: &str) {
        // In one step: it is read all the time.
        let new = self.0.path().join("new");
        std::fs::write(&new, by).unwrap();
        std::fs::rename(new, self.path()).unwrap();
    }

    fn of(&self, config: OrthancConfig) -> OrthancConfig {
        config
            .env("LD_PRELOAD", &library())
            .env("FAKETIME_TIMESTAMP_FILE", &self.path().to_string_lossy())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

fn library() -> String {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    folders
        .filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketimeMT.so.1")))
        .find(|path| Path::exists(path))
        .expect("libfaketime (Makefile, TEST_PACKAGES)")
        .to_string_lossy()
        .into_owned()
}

fn warns(queue: &Queue, text: &str) -> bool {
    let health = queue.ask("/health");
    assert_eq!(health["Status"], "ok", "{health:#}");
    health["Warnings"].as_array().is_some_and(|warnings| {
        warnings
            .iter()
            .any(|one| one["Part"] == "Clock" && one["Details"].as_str().unwrap().contains(text))
    })
}

fn metric(queue: &Queue, name: &str) -> f64 {
    let page = queue.get("/sendqueue/metrics").ok().text();
    let line = page
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn a_clock_that_jumps_expires_nothing() {
    if OrthancVersion::under_test() != OrthancVersion::Machine {
        // What is under test is the same in all of them, and libfaketime is not in their folders.
        return;
    }
    let clock = WrongClock::new();
    let up = FaultScp::start("UP");
    let away = FaultScp::start("AWAY");
    away.stop();
    let mut queue = Queue::start(clock.of(queue::config_for(&[&up, &away])));
    queue.store_all(&Study::new(1, 3).build());
    queue.wait_for("up", "Success", 3);
    queue.wait_for("away", "Pending", 3);
    let before = queue.ask("")["Time"].as_str().unwrap().to_owned();

    // While it runs: more than ExpireAfter and HistoryDays.
    clock.set("+8d");
    queue.wait_until(|| warns(&queue, "set forward"), SOON, "the jump is seen");
    let shown = queue.ask("");
    assert!(
        shown["Time"].as_str().unwrap()[..8] > before[..8],
        "{shown:#}"
    );
    assert!(
        shown["OldestPendingSeconds"].as_u64().unwrap() < 3600,
        "{shown:#}"
    );
    assert_eq!(shown["Counts"]["Pending"], 3, "{shown:#}");
    assert_eq!(shown["Counts"]["Success"], 3, "{shown:#}");
    assert_eq!(metric(&queue, "sendqueue_clock_jumps_total"), 1.0);

    // Orthanc dates by the clock that is set: what it receives arrives all the same.
    queue.store_all(&Study::new(1, 2).build());
    queue.wait_for("up", "Success", 5);
    clock.set("+0");
    queue.wait_until(|| warns(&queue, "set back"), SOON, "it is seen again");
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("up", "Success", 6);
    assert_eq!(queue.count("away", "Pending"), 6);

    // A start with a wrong clock: a day counts, and all of it once Orthanc receives something by that clock.
    queue.stop();
    clock.set("+8d");
    queue.restart().unwrap();
    queue.wait_until(|| warns(&queue, "24 h"), SOON, "the stop is doubted");
    assert_eq!(queue.count("away", "Pending"), 6);
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("up", "Success", 7);
    queue.wait_for("away", "Failure", 6);
    // The clock is put right: nobody has to replay them.
    clock.set("+0");
    queue.wait_for("away", "Pending", 7);
    assert_eq!(metric(&queue, "sendqueue_clock_pardoned_total"), 6.0);
    away.restart();
    queue.wait_for("away", "Success", 7);
    assert_eq!(away.counters().stores, 7);
    assert_eq!(up.counters().stores, 7);
}
