//! What the plugin costs and gains in a real Orthanc: receiving with and without it, sending through it and through
//! Orthanc's own POST, its callback, its start and its memory at a backlog of a million.
//!
//! `cargo bench --bench orthanc -- [receive] [route] [send] [backlog] [before=LIBRARY]` (all of them without names).
//! Every figure stands beside that of a peer measured in the same run; runs alternate, and the median of three counts.
//! `before`: another library, such as the one before a change, whose routing is measured beside this one's.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use OrthancSendQueue::item::{Ids, Priority, Timestamp};
use OrthancSendQueue::store::sqlite::SqliteStore;
use OrthancSendQueue::store::{Book, Claims, Intake, Journal, NewItem, Reception};
use sendqueue_testkit::dcmtk::{StoreScp, StoreScpOptions, StoreScu, write_folder};
use sendqueue_testkit::{
    Instance, Kind, Orthanc, OrthancConfig, OrthancVersion, Study, wait_until,
};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(600);
const RUNS: usize = 3;
/// Whether tuned, whether it takes several associations at once (DCMTK's takes one, unless it forks).
const RECEIVERS: [(bool, bool, &str); 3] = [
    (false, true, "storescp as it ships (--fork)"),
    (true, true, "storescp --fork with TCP_NODELAY=1"),
    (
        true,
        false,
        "storescp with TCP_NODELAY=1, one association at a time",
    ),
];
const BACKLOG: u64 = 1_000_000;
const BEFORE: &str = "before=";

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let (before, wanted): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|arg| arg.starts_with(BEFORE));
    let before = before
        .first()
        .map(|arg| PathBuf::from(&arg[BEFORE.len()..]));
    let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    println!("| what | ours | peer | ratio |");
    println!("|---|---:|---:|---:|");
    if asked("receive") {
        receive();
    }
    if asked("route") {
        route(before.as_deref());
    }
    if asked("send") {
        send();
    }
    if asked("backlog") {
        backlog();
    }
}

fn plugin() -> std::path::PathBuf {
    sendqueue_testkit::plugin_path()
}

fn config(with_plugin: bool) -> OrthancConfig {
    let config = OrthancConfig::new().env("TCP_NODELAY", "1");
    if with_plugin {
        config
            .plugin(plugin())
            .modality("sink", "SINK", 1)
            .set("SendQueue", json!({ "Rules": [ { "To": ["sink"] } ] }))
    } else {
        config
    }
}

fn start(config: OrthancConfig) -> Orthanc {
    Orthanc::start(OrthancVersion::Machine, config).expect("Orthanc")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn row(what: &str, ours: &str, peer: &str, ratio: f64) {
    println!("| {what} | {ours} | {peer} | {ratio:.2} |");
}

/// storescu sends 400 instances; the plugin's only destination is paused, so that queueing alone is measured.
fn receive() {
    let mut ours = Vec::new();
    let mut peer = Vec::new();
    let mut callbacks = Value::Null;
    for run in 0..RUNS {
        let study = Study::new(1, 400)
            .seed(run as u64)
            .kind(Kind::Ct512K)
            .build();
        for with_plugin in [false, true] {
            let orthanc = start(config(with_plugin));
            if with_plugin {
                orthanc.post_json("/sendqueue/destinations/sink/pause", &json!({}));
            }
            let took = receive_once(&orthanc, &study);
            if with_plugin {
                wait_until(|| counts(&orthanc, "Pending") == 400, LONG, "all is queued");
                callbacks = orthanc.get("/sendqueue").json()["Callbacks"].clone();
                ours.push(took);
            } else {
                peer.push(took);
            }
        }
    }
    let (ours, peer) = (median(ours), median(peer));
    row(
        "receive 400 CT of 512 KB (storescu), with the plugin; without",
        &format!("{ours:.2} s"),
        &format!("{peer:.2} s"),
        ours / peer,
    );
    println!(
        "| callback: median, 99th percentile, longest (µs, upper bounds) | {}, {}, {} | | |",
        callbacks["MedianMicroseconds"],
        callbacks["Percentile99Microseconds"],
        callbacks["LongestMicroseconds"]
    );
}

fn receive_once(orthanc: &Orthanc, study: &[Instance]) -> f64 {
    let scu = StoreScu::to(&orthanc.aet(), orthanc.dicom_port()).env("TCP_NODELAY", "1");
    let folder = write_folder(study).expect("files");
    let begun = Instant::now();
    let output = scu.send_folder(folder.path()).expect("storescu");
    let took = begun.elapsed().as_secs_f64();
    assert!(output.status.success(), "storescu failed");
    took
}

fn counts(orthanc: &Orthanc, state: &str) -> u64 {
    orthanc.get("/sendqueue").json()["Counts"][state]
        .as_u64()
        .unwrap_or(0)
}

/// What the arrival thread spends on an instance: reading its line, asking Orthanc, the rules, the queue's transaction.
fn route(before: Option<&Path>) {
    let aet = |n: usize| json!({ "CallingAet": [format!("CT{n}"), format!("MR{n}")] });
    let conditions = |n: usize| json!({ "CallingAet": "regex:^CT[0-9]+$", "Origin": "DicomProtocol", "RemoteIp": format!("10.0.0.{n}") });
    let tags = |n: usize| json!({ "Tags": { "Modality": "CT", "0008,1030": format!("regex:(?i)part {n}") } });
    let many = |when: &dyn Fn(usize) -> Value| -> Value {
        (0..10)
            .map(|n| json!({ "To": ["sink"], "When": when(n) }))
            .collect()
    };
    let cases = [
        ("one rule", json!([])),
        ("10 rules more, by CallingAet", many(&aet)),
        ("10 more, by three conditions", many(&conditions)),
        ("10 more, by tags", many(&tags)),
    ];
    let one = vec![json!({ "To": ["sink"] })];
    let library = plugin();
    for (name, more) in cases {
        let all: Vec<Value> = one
            .iter()
            .chain(more.as_array().into_iter().flatten())
            .cloned()
            .collect();
        // Without another library, one rule is the peer.
        let peer = before.map_or((library.as_path(), &one), |before| (before, &all));
        let mut took = [Vec::new(), Vec::new()];
        for run in 0..RUNS {
            for ((library, rules), took) in [peer, (&library, &all)].into_iter().zip(&mut took) {
                took.push(arrival_micros(library, rules, run as u64));
            }
        }
        // The least: what disturbs a thread only adds to its CPU.
        let [peer, ours] = took.map(|all| all.into_iter().fold(f64::INFINITY, f64::min));
        let beside = if before.is_some() {
            "the library before"
        } else {
            "one rule"
        };
        row(
            &format!("CPU of an arrival, {name}; {beside}"),
            &format!("{ours:.0} µs"),
            &format!("{peer:.0} µs"),
            ours / peer,
        );
    }
}

fn arrival_micros(library: &Path, rules: &[Value], run: u64) -> f64 {
    const INSTANCES: usize = 1000;
    let config = OrthancConfig::new()
        .plugin(library)
        .modality("sink", "SINK", 1)
        .set("SendQueue", json!({ "Rules": rules }));
    let orthanc = start(config);
    orthanc.post_json("/sendqueue/destinations/sink/pause", &json!({}));
    let begun = thread_micros(&orthanc, "sq-arrive");
    let study = Study::new(4, INSTANCES / 4)
        .seed(run)
        .kind(Kind::Small)
        .build();
    orthanc.store_all(&study);
    let all = INSTANCES as u64;
    wait_until(|| counts(&orthanc, "Pending") == all, LONG, "all is queued");
    (thread_micros(&orthanc, "sq-arrive") - begun) / INSTANCES as f64
}

/// CPU of a thread by its name, microseconds (`schedstat`: nanoseconds on a core).
fn thread_micros(orthanc: &Orthanc, name: &str) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", orthanc.pid())).expect("threads");
    let paths = tasks.flatten().map(|task| task.path());
    let of = |path: PathBuf| {
        let comm = std::fs::read_to_string(path.join("comm")).ok()?;
        let stat = std::fs::read_to_string(path.join("schedstat")).ok()?;
        let nanos: f64 = stat.split(' ').next()?.parse().ok()?;
        (comm.trim() == name).then_some(nanos / 1e3)
    };
    paths.filter_map(of).sum()
}

/// The same study to the same receiver: through the queue, and by Orthanc's own POST of the study.
fn send() {
    for (name, kind, count) in [
        ("200 CT of 512 KB", Kind::Ct512K, 200),
        ("400 small", Kind::Small, 400),
    ] {
        for (tuned, fork, receiver) in RECEIVERS {
            send_kind(name, kind, count, &receiver_of(tuned, fork), receiver);
        }
    }
}

fn send_kind(name: &str, kind: Kind, count: usize, scp: &StoreScp, receiver: &str) {
    let orthanc = start(
        OrthancConfig::new()
            .env("TCP_NODELAY", "1")
            .plugin(plugin())
            .modality("sink", "SINK", scp.port())
            .set("SendQueue", json!({})),
    );
    let study = Study::new(1, count).kind(kind).build();
    orthanc.store_all(&study);
    let id = orthanc.get("/studies").json()[0]
        .as_str()
        .expect("a study")
        .to_owned();
    let mut ours = Vec::new();
    let mut peer = Vec::new();
    for run in 1..=RUNS {
        let begun = Instant::now();
        let answer = orthanc.post_json("/modalities/sink/store", &json!({ "Resources": [id] }));
        assert_eq!(answer.status, 200, "{}", answer.text());
        peer.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let body = json!({ "Resources": [id], "Destinations": ["sink"] });
        let answer = orthanc.post_json("/sendqueue/items", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let all = (run * count) as u64;
        wait_until(|| counts(&orthanc, "Success") == all, LONG, "all is sent");
        ours.push(begun.elapsed().as_secs_f64());
    }
    let rate = |seconds: f64| count as f64 / seconds;
    let (ours, peer) = (rate(median(ours)), rate(median(peer)));
    row(
        &format!("send {name} over REST to {receiver}; Orthanc's own POST of the study"),
        &format!("{ours:.0}/s"),
        &format!("{peer:.0}/s"),
        ours / peer,
    );
}

fn receiver_of(tuned: bool, fork: bool) -> StoreScp {
    let options = StoreScpOptions::new();
    let options = if fork { options.arg("--fork") } else { options };
    let options = if tuned {
        options.env("TCP_NODELAY", "1")
    } else {
        options
    };
    options.start("SINK").expect("storescp")
}

/// Start and memory with a million items that wait.
fn backlog() {
    let plain = start(config(false));
    let plain_kb = settled_kb(&plain);
    drop(plain);
    let mut orthanc = start(config(true));
    orthanc.post_json("/sendqueue/destinations/sink/pause", &json!({}));
    let database = orthanc.get("/sendqueue").json()["Database"]
        .as_str()
        .expect("a path")
        .to_owned();
    let empty_kb = settled_kb(&orthanc);
    orthanc.stop();
    fill(Path::new(&database));
    let begun = Instant::now();
    let store = SqliteStore::open(Path::new(&database)).expect("the store");
    store.begin(Timestamp::from_micros(0)).expect("released");
    store.destinations().expect("destinations");
    let open = begun.elapsed().as_secs_f64();
    drop(store);
    orthanc.restart().expect("Orthanc");
    assert_eq!(counts(&orthanc, "Pending"), BACKLOG);
    let full_kb = settled_kb(&orthanc);
    println!(
        "| start of the queue with {BACKLOG} items waiting | {:.0} ms | | |",
        open * 1e3
    );
    println!(
        "| memory of Orthanc with {BACKLOG} items waiting; with an empty queue; without the plugin | {} MB | {} MB; {} MB | |",
        full_kb / 1024,
        empty_kb / 1024,
        plain_kb / 1024
    );
}

fn settled_kb(orthanc: &Orthanc) -> u64 {
    for path in ["/system", "/changes", "/statistics"] {
        let _ = orthanc.get(path);
    }
    orthanc.rss_kb()
}

fn fill(database: &Path) {
    let store = SqliteStore::open(database).expect("the store");
    let mut id = 0_u64;
    while id < BACKLOG {
        let items: Vec<NewItem> = (0..1000).map(|n| item(id + n)).collect();
        store
            .enqueue(&Intake::arrival(&items), Timestamp::from_micros(1))
            .expect("enqueued");
        id += 1000;
    }
}

fn item(number: u64) -> NewItem {
    let id = |kind: u64, number: u64| {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ kind;
        format!("{:08x}-{mixed:016x}-{number:017x}", kind)
    };
    NewItem {
        ids: Ids {
            instance: id(1, number),
            sop_instance_uid: format!("2.25.{number}"),
            series: id(2, number / 200),
            study: id(3, number / 400),
            patient: id(4, number / 400),
        },
        destination: "sink".to_owned(),
        rule: None,
        remote_aet: None,
        priority: Priority::Medium,
        group: id(3, number / 400),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 524_288,
        failed: None,
        reception: Reception::default(),
    }
}
