//! G1: every instance that Orthanc has stored reaches its destination, whatever happens on the way: kill -9 at any
//! moment, a log of changes that is deleted, an Orthanc that ran without the plugin, numbers beyond 32 bits.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, OrthancConfig, OrthancVersion, Respond, Study};
use serde_json::{Value, json};

/// `POST /instances` that may be cut at any moment; whether Orthanc answered 200.
fn post(port: u16, dicom: &[u8]) -> bool {
    let attempt = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(SOON))?;
        let head = format!(
            "POST /instances HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            dicom.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(dicom)?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status.ends_with(b" 200"))
    };
    attempt().unwrap_or(false)
}

/// SOP instance UIDs of all that Orthanc holds.
fn held(queue: &Queue) -> BTreeSet<String> {
    let instances = queue.get("/instances?expand").ok().json();
    let uid = |instance: &Value| {
        instance["MainDicomTags"]["SOPInstanceUID"]
            .as_str()
            .map(str::to_owned)
    };
    instances
        .as_array()
        .unwrap()
        .iter()
        .filter_map(uid)
        .collect()
}

fn uids(instances: &[Instance]) -> BTreeSet<String> {
    instances
        .iter()
        .map(|instance| instance.sop_instance_uid.clone())
        .collect()
}

/// Waits until the receiver has acknowledged all of these, and the queue has read the whole log and is empty.
#[track_caller]
fn wait_for_all(queue: &Queue, scp: &FaultScp, wanted: &BTreeSet<String>) {
    queue.wait_until(
        || wanted.is_subset(&scp.acknowledged_uids()),
        2 * SOON,
        "all are acknowledged",
    );
    wait_for_peace(queue);
}

/// Waits until the queue has read the whole log, and nothing is open.
#[track_caller]
fn wait_for_peace(queue: &Queue) {
    let is_done = || {
        let last = queue.get("/changes?last").ok().json()["Last"].as_i64();
        let overview = queue.ask("");
        let open = ["Scheduled", "Pending", "Running", "Retry"];
        let idle = open.iter().all(|state| overview["Counts"][state] == 0);
        // Orthanc shows the lower 32 bits.
        idle && overview["Cursor"].as_i64().map(|seq| seq as i32) == last.map(|seq| seq as i32)
    };
    queue.wait_until(is_done, SOON, "all changes are read, and nothing is open");
}

#[track_caller]
fn assert_each_once(scp: &FaultScp, wanted: &BTreeSet<String>) {
    assert_eq!(&scp.unique_uids(), wanted);
    let stores = scp.counters().stores;
    assert_eq!(stores, wanted.len(), "some were sent more than once");
}

/// Numbers that differ from run to run; `SENDQUEUE_SEED` repeats one.
struct Random(u64);

impl Random {
    fn new() -> Random {
        let given = std::env::var("SENDQUEUE_SEED")
            .ok()
            .and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.unwrap_or_default().as_micros() as u64
        });
        println!("SENDQUEUE_SEED={seed}");
        Random(seed | 1)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[test]
fn killed_again_and_again_while_instances_come_and_go() {
    const KILLS: usize = 21;
    const ASSOCIATIONS: usize = 2;
    const BATCH: usize = 10;
    let mut random = Random::new();
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(4), 0));
    let config = queue::config_for(&[&scp])
        .set("/SendQueue/Defaults/Associations", ASSOCIATIONS)
        .set("/SendQueue/Defaults/BatchSize", BATCH)
        .set("/SendQueue/Defaults/Level", "Series");
    let mut queue = Queue::start(config);
    let (http, dicom) = (queue.http_port(), queue.dicom_port());
    let over = AtomicBool::new(false);
    let acknowledged = Mutex::new(BTreeSet::new());
    let posted = AtomicUsize::new(0);

    std::thread::scope(|scope| {
        for sender in 0..2_u64 {
            let (over, acknowledged, posted) = (&over, &acknowledged, &posted);
            scope.spawn(move || {
                for study in 0.. {
                    for instance in Study::new(2, 20)
                        .seed(1000 + sender * 100_000 + study)
                        .instances()
                    {
                        if over.load(Ordering::Relaxed) {
                            return;
                        }
                        posted.fetch_add(1, Ordering::Relaxed);
                        if post(http, &instance.bytes) {
                            acknowledged
                                .lock()
                                .unwrap()
                                .insert(instance.sop_instance_uid);
                        } else {
                            std::thread::sleep(Duration::from_millis(20));
                        }
                    }
                }
            });
        }
        let over_for_scu = &over;
        scope.spawn(move || {
            let scu = StoreScu::to("ORTHANC", dicom).env("TCP_NODELAY", "1");
            for study in 0.. {
                let instances = Study::new(1, 25).seed(900_000 + study).build();
                if over_for_scu.load(Ordering::Relaxed) {
                    return;
                }
                // Cut off now and then: what Orthanc holds of it counts.
                let sent = scu.send(&instances);
                if !sent.is_ok_and(|output| output.status.success()) {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        });
        for _ in 0..KILLS {
            std::thread::sleep(Duration::from_millis(random.below(1200)));
            queue.kill9();
            queue.restart().unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });

    let held = held(&queue);
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(
        acknowledged.is_subset(&held),
        "Orthanc itself lost what it had acknowledged"
    );
    wait_for_all(&queue, &scp, &held);
    let sent = scp
        .stores()
        .iter()
        .filter(|store| store.acknowledged())
        .count();
    let unique = scp.acknowledged_uids();
    let repeated = sent - unique.len();
    println!(
        "{KILLS} kills: {} posted, {} acknowledged by Orthanc, {} held, {} delivered, {repeated} repeated",
        posted.into_inner(),
        acknowledged.len(),
        held.len(),
        unique.len(),
    );
    assert!(held.len() > KILLS * 10, "too little load to prove anything");
    assert!(
        repeated <= KILLS * ASSOCIATIONS * BATCH,
        "{repeated} were repeated"
    );
    assert_eq!(queue.count("pacs", "Failure"), 0);
    // Whatever was killed, each delivery is in the lines that are kept for years.
    let lines = queue.ask("/deliveries?limit=1000");
    let lines = lines.as_array().unwrap();
    let instances = lines.iter().map(|line| line["Instances"].as_u64().unwrap());
    assert_eq!(instances.sum::<u64>(), held.len() as u64);
}

#[test]
fn changes_are_deleted_again_and_again_while_instances_arrive() {
    let mut random = Random::new();
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    let instances = Study::new(4, 100).seed(2).build();
    let over = AtomicBool::new(false);
    let mut deleted = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            queue.store_all(&instances);
            over.store(true, Ordering::Relaxed);
        });
        while !over.load(Ordering::Relaxed) {
            let _ = queue.delete("/changes").ok();
            deleted += 1;
            std::thread::sleep(Duration::from_millis(random.below(60)));
        }
    });
    println!("changes deleted {deleted} times");
    queue.wait_until(
        || uids(&instances).is_subset(&scp.acknowledged_uids()),
        SOON,
        "all are acknowledged",
    );
    queue.wait_for_rest(400);
    assert_each_once(&scp, &uids(&instances));
}

#[test]
fn changes_are_deleted_and_orthanc_is_killed() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    let first = Study::new(1, 10).seed(30).build();
    queue.store_all(&first);
    wait_for_all(&queue, &scp, &uids(&first));
    // Received by an Orthanc without the plugin, so no callback tells of them.
    let with = queue.config().clone();
    queue.restart_with(OrthancConfig::new()).unwrap();
    let second = Study::new(3, 40).seed(31).build();
    queue.store_all(&second);
    let _ = queue.delete("/changes").ok();
    queue.kill9();
    queue.restart_with(with).unwrap();
    let all = &uids(&first) | &uids(&second);
    queue.wait_until(
        || all.is_subset(&scp.acknowledged_uids()),
        SOON,
        "all are acknowledged",
    );
    queue.wait_for_rest(130);
    assert_each_once(&scp, &all);
}

#[test]
fn an_overwritten_instance_is_sent_again() {
    let scp = FaultScp::start("PACS");
    scp.keep_bytes(true);
    let queue = Queue::start(queue::config_for(&[&scp]).set("OverwriteInstances", true));
    let version = |text: &str| {
        let study = Study::new(1, 3).seed(4).tag((0x0010, 0x4000), "LT", text);
        study.build()
    };
    for (n, text) in ["first content", "other content"].into_iter().enumerate() {
        queue.store_all(&version(text));
        queue.wait_for_rest(3 * (n as u64 + 1));
    }
    let has = |bytes: &Option<Vec<u8>>, text: &str| {
        let bytes = bytes.as_deref().unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    let stores = scp.stores();
    assert_eq!(stores.len(), 6);
    for text in ["first content", "other content"] {
        assert_eq!(
            stores
                .iter()
                .filter(|store| has(&store.bytes, text))
                .count(),
            3,
            "{text}"
        );
    }
}

#[test]
fn a_duplicate_is_not_sent_again() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    let instances = Study::new(1, 5).seed(5).build();
    queue.store_all(&instances);
    wait_for_all(&queue, &scp, &uids(&instances));
    for _ in 0..3 {
        queue.store_all(&instances);
    }
    let more = Study::new(1, 1).seed(6).build();
    queue.store_all(&more);
    let all = &uids(&instances) | &uids(&more);
    wait_for_all(&queue, &scp, &all);
    assert_each_once(&scp, &all);
}

#[test]
fn an_archive_is_not_forwarded_and_an_absence_is_caught_up() {
    let scp = FaultScp::start("PACS");
    let with = queue::config_for(&[&scp]);
    let mut queue = Queue::start(with.clone());
    // An Orthanc that has never seen the plugin.
    queue.restart_with(OrthancConfig::new()).unwrap();
    let index = queue.data_dir().join("index");
    for file in std::fs::read_dir(&index).unwrap().flatten() {
        if file
            .file_name()
            .to_string_lossy()
            .starts_with("sendqueue.db")
        {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    let archive = Study::new(2, 20).seed(70).build();
    queue.store_all(&archive);
    queue.restart_with(with.clone()).unwrap();
    // Already stored: 1.10.1 and 1.12.7 call back all the same.
    queue.store_all(&archive[..5]);
    let first = Study::new(1, 5).seed(71).build();
    queue.store_all(&first);
    wait_for_all(&queue, &scp, &uids(&first));
    assert_each_once(&scp, &uids(&first));

    queue.restart_with(OrthancConfig::new()).unwrap();
    let second = Study::new(5, 140).seed(72).build();
    queue.store_all(&second);
    queue.restart_with(with).unwrap();
    let all = &uids(&first) | &uids(&second);
    wait_for_all(&queue, &scp, &all);
    assert_each_once(&scp, &all);
}

#[test]
fn change_numbers_beyond_32_bits() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    let mut all = BTreeSet::new();
    for (n, last) in [None, Some((1_i64 << 31) - 5), Some(5_000_000_000)]
        .into_iter()
        .enumerate()
    {
        if let Some(last) = last {
            let _ = queue.stop();
            let index = queue.data_dir().join("index").join("index");
            let index = rusqlite::Connection::open(index).unwrap();
            let sql = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'Changes'";
            assert_eq!(index.execute(sql, [last]).unwrap(), 1);
            drop(index);
            queue.restart().unwrap();
        }
        for part in 0..2 {
            let instances = Study::new(1, 10).seed(80 + 2 * n as u64 + part).build();
            queue.store_all(&instances);
            all.extend(uids(&instances));
            wait_for_all(&queue, &scp, &all);
        }
    }
    assert_each_once(&scp, &all);
    let cursor = queue.ask("")["Cursor"].as_i64().unwrap();
    assert!(cursor > 5_000_000_000, "{cursor}");
    queue.restart().unwrap();
    queue.tell("/destinations/pacs/pause", &json!({}));
    let instances = Study::new(1, 10).seed(89).build();
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", 10);
}

/// A script sends each instance itself and deletes it at once: what could not be queued in time is counted, and no
/// error.
#[test]
fn what_a_script_deletes_before_it_is_read_is_counted() {
    let scp = FaultScp::start("PACS");
    let version = OrthancVersion::under_test();
    let folder = tempfile::tempdir_in(version.temp_base().unwrap()).unwrap();
    let script = folder.path().join("route.lua");
    std::fs::write(
        &script,
        "function OnStoredInstance(instanceId, tags, metadata, origin)\n\
         Delete(SendToModality(instanceId, 'pacs'))\nend\n",
    )
    .unwrap();
    let config = queue::config_for(&[&scp]).set("/LuaScripts", json!([version.inside(&script)]));
    let queue = Queue::start(config);
    let instances = Study::new(1, 20).build();
    for instance in &instances {
        let _ = queue.post("/instances", &instance.bytes).ok();
    }
    let gone = || queue.get("/sendqueue").json()["GoneBeforeQueued"].as_u64();
    let queued = || queue.items("").len() as u64;
    queue.wait_until(
        || held(&queue).is_empty() && gone().unwrap_or(0) + queued() == 20,
        SOON,
        "all are queued or counted",
    );
    assert!(queue.log_errors().is_empty(), "{:?}", queue.log_errors());
}
