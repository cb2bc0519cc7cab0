//! Other settings while Orthanc runs (`POST /sendqueue/reload`): workstations come without a restart, and nothing is
//! lost or sent twice whatever is replaced under load.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Study, Webhook, poll};
use serde_json::{Value, json};

#[track_caller]
fn reload(queue: &Queue) -> Value {
    queue.post("/sendqueue/reload", "").ok().json()
}

/// Stores a study of two instances, and waits until each of these has them.
#[track_caller]
fn arrives(queue: &Queue, seed: u64, at: &[&FaultScp]) {
    let study = Study::new(1, 2).seed(seed).build();
    queue.store_all(&study);
    for scp in at {
        let all = || {
            let has = |uid: &str| scp.count_of(uid) == 1;
            study.iter().all(|one| has(&one.sop_instance_uid))
        };
        assert!(
            poll(all, SOON),
            "{}: {}",
            scp.aet(),
            queue.ask("/destinations")
        );
    }
}

fn keys(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one[key].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_workstation_comes_without_a_restart() {
    let (pacs, ws) = (FaultScp::start("PACS"), FaultScp::start("WS"));
    let begun = queue::config_for(&[&pacs]).set("/SendQueue/Rules/0/Name", "all");
    let mut queue = Queue::start(begun.clone());
    arrives(&queue, 1, &[&pacs]);
    let same = reload(&queue);
    assert_eq!(same["Changed"], json!([]), "{same:#}");
    assert_eq!(same["Warnings"], json!([]), "{same:#}");
    assert_eq!(same["NeedsRestart"], json!([]), "{same:#}");

    // The modality and the rule, and what cannot change so.
    let entry = json!({ "AET": "WS", "Host": "127.0.0.1", "Port": ws.port(), "Timeout": 7, "LocalAet": "ROUTER",
        "AllowEcho": true, "AllowStorageCommitment": false, "UseDicomTls": false });
    let added = begun
        .modality_with("ws", entry)
        .set("/SendQueue/Rules/-", json!({ "Name": "ws", "To": ["ws"] }))
        .set("/SendQueue/Destinations/ws/Associations", 1)
        .set("/SendQueue/Database", "other.db")
        .set("DicomAet", "OTHER");
    queue.rewrite(added.clone());
    let answer = reload(&queue);
    assert_eq!(answer["Source"], "files");
    assert_eq!(answer["Rules"], 2);
    let changed = json!(["Destinations", "Rules[1] (new)"]);
    assert_eq!(answer["Changed"], changed);
    assert_eq!(answer["Destinations"]["Added"], json!(["ws"]));
    assert_eq!(
        answer["Modalities"],
        json!({ "Added": ["ws"], "NeedsRestart": [] })
    );
    let restart = keys(&answer["NeedsRestart"], "Key");
    assert_eq!(restart, ["SendQueue.Database", "DicomAet"], "{answer:#}");
    let entered = queue.get("/modalities?expand").ok().json()["ws"].clone();
    assert_eq!(entered["LocalAet"], "ROUTER", "{entered:#}");
    arrives(&queue, 2, &[&pacs, &ws]);
    assert!(ws.stores().iter().all(|one| one.calling_aet == "ROUTER"));

    // Mistakes: all of them, and all stays as it was.
    let wrong = added
        .clone()
        .modality("third", "THIRD", 104)
        .set("/SendQueue/Rules/-", json!({ "To": ["nowhere"] }))
        .set("/SendQueue/Destinations/ws/Associations", 0);
    queue.rewrite(wrong);
    let answer = queue.post("/sendqueue/reload", "");
    assert_eq!(answer.status, 400);
    let mistakes = &answer.json()["Mistakes"];
    let paths = [
        "SendQueue.Destinations.ws.Associations",
        "SendQueue.Rules[2].To[0]",
    ];
    assert_eq!(keys(mistakes, "Path"), paths, "{mistakes:#}");
    let modalities = queue.get("/modalities").ok().json();
    assert_eq!(modalities, json!(["pacs", "ws"]));
    arrives(&queue, 3, &[&pacs, &ws]);

    // What Orthanc has is left as it is; what it does not take is a mistake.
    queue.rewrite(added.clone().modality("pacs", "PACS", 1).without("Name"));
    let answer = reload(&queue);
    assert_eq!(answer["Modalities"]["NeedsRestart"], json!(["pacs"]));
    let odd = json!({ "AET": "ODD", "Host": "127.0.0.1", "Port": "no port" });
    let fine = json!(["FINE", "127.0.0.1", 104]);
    let odd = added.clone().modality_with("odd", odd);
    queue.rewrite(odd.modality_with("fine", fine));
    let answer = queue.post("/sendqueue/reload", "");
    assert_eq!(answer.status, 400);
    assert_eq!(
        keys(&answer.json()["Mistakes"], "Path"),
        ["DicomModalities.odd"]
    );
    assert_eq!(queue.get("/modalities").ok().json(), json!(["pacs", "ws"]));

    // A section with the request; alerts come and go.
    let webhook = Webhook::start();
    let section = json!({ "Rules": [{ "To": ["ws"] }], "Alerts": { "Url": webhook.url() } });
    assert_eq!(queue.post("/sendqueue/alerts/test", "").status, 409);
    let answer = queue.tell("/reload", &section);
    assert_eq!(answer["Source"], "body");
    assert_eq!(queue.tell("/alerts/test", &json!({}))["Success"], true);
    let before = pacs.counters().stores;
    arrives(&queue, 4, &[&ws]);
    queue.wait_for("ws", "Success", 6);
    assert_eq!(pacs.counters().stores, before);
    queue.rewrite(added);
    reload(&queue);
    assert_eq!(queue.post("/sendqueue/alerts/test", "").status, 409);
    let log = queue.log();
    assert!(
        !log.contains(&webhook.url()),
        "an address may hold a password"
    );
    let told = log
        .lines()
        .filter(|line| line.contains("was taken over from"));
    assert_eq!(told.count(), 5);
}

/// Two configurations in turn: for some destinations the same rules and other settings; others come and go.
#[test]
fn two_hundred_reloads_under_load_lose_nothing_and_send_nothing_twice() {
    const RELOADS: usize = 200;
    let (good, whole, comes) = (
        FaultScp::start("GOOD"),
        FaultScp::start("WHOLE"),
        FaultScp::start("COMES"),
    );
    let one = json!({
        "Rules": [{ "Name": "all", "To": ["good", "whole"] }],
        "Destinations": { "whole": { "AssociationPer": "Group" } },
    });
    let other = json!({
        "Rules": [
            { "Name": "comes", "To": ["comes", "again"] },
            { "Name": "all", "To": ["good", "whole"] },
        ],
        "Defaults": { "BatchSize": 3 },
        "Destinations": {
            "good": { "Associations": 5, "ReservedAssociations": 1, "MaxBytesPerSecond": 100_000_000 },
            "again": { "Target": "good", "LocalAet": "SECOND" },
            "whole": { "Transport": "Native", "Associations": 1, "LocalAet": "$RemoteAet" },
        },
        "HistoryDays": 30,
        "MaxMemoryMB": 16,
    });
    let config = queue::config_for(&[&good, &whole, &comes]).set("SendQueue", one.clone());
    let queue = Queue::start(config);
    // What a process has after its first work.
    queue.store_all(&Study::new(1, 1).seed(9999).build());
    queue.wait_for_rest(2);
    let over = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut sent = BTreeSet::new();
            for seed in 0.. {
                if over.load(Ordering::SeqCst) {
                    return sent;
                }
                let study = Study::new(1, 3).seed(seed).build();
                queue.store_all(&study);
                sent.extend(study.into_iter().map(|one| one.sop_instance_uid));
            }
            sent
        });
        for at in 0..RELOADS {
            let section = if at % 2 == 0 { &other } else { &one };
            let answer = queue.tell("/reload", section);
            assert_ne!(answer["Changed"], json!([]));
        }
        over.store(true, Ordering::SeqCst);
        sender.join().expect("the sender")
    });
    assert!(sent.len() > 50, "too little came meanwhile: {}", sent.len());
    // What comes and goes is sent wherever a rule took it, once its destination is one.
    queue.tell("/reload", &other);
    let items = |name: &str| queue.items(&format!("destination={name}")).len();
    let all = queue.items("").len();
    queue.wait_for_rest(all as u64);
    assert!(items("comes") > 0 && items("comes") == items("again"));
    assert_eq!(queue.ask("")["Counts"]["Success"], all);
    let calls = |scp: &FaultScp, aet: &str| {
        let stores = scp.stores();
        let all: Vec<String> = (stores.iter())
            .filter(|one| one.calling_aet == aet)
            .map(|one| one.sop_instance_uid.clone())
            .collect();
        let unique: BTreeSet<String> = all.iter().cloned().collect();
        assert_eq!(all.len(), unique.len(), "{}: sent twice", scp.aet());
        unique
    };
    let second = calls(&good, "SECOND");
    let first: BTreeSet<String> = calls(&good, "ORTHANC");
    assert!(sent.iter().all(|uid| first.contains(uid)), "lost");
    assert_eq!(first.len(), sent.len() + 1);
    assert_eq!(second.len(), items("again"));
    assert_eq!(whole.counters().stores, sent.len() + 1);
    assert_eq!(whole.unique_uids().len(), sent.len() + 1);
    assert_eq!(comes.counters().stores, items("comes"));
    assert_eq!(comes.unique_uids().len(), items("comes"));
    let gone = "again: not configured";
    let mut errors = queue.unexpected_errors();
    errors.retain(|line| !line.contains(gone));
    assert_eq!(errors, Vec::<String>::new());
    // Each worker has one thread at most, and those of lanes that were replaced have none.
    let names = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", queue.pid())).into_iter();
        let name = |task: std::io::Result<fs::DirEntry>| {
            fs::read_to_string(task.ok()?.path().join("comm")).ok()
        };
        tasks.flatten().filter_map(name).collect::<Vec<String>>()
    };
    let ours = |prefix: &str| {
        let all = names();
        all.iter().filter(|name| name.starts_with(prefix)).count()
    };
    const WORKERS: usize = 5 + 5 + 1 + 2;
    assert!(poll(|| ours("sq-send") <= WORKERS, SOON), "{:?}", names());
    assert_eq!(ours("sq-reload"), 0, "{:?}", names());
}

#[test]
fn without_files_the_section_comes_with_the_request() {
    let queue = Queue::start(queue::config(&[]).set("/SendQueue/Rules", json!([])));
    let path = queue.data_dir().join("orthanc.json");
    fs::write(&path, "{ not JSON").expect("written");
    let answer = queue.post("/sendqueue/reload", "");
    assert_eq!(answer.status, 409, "{}", answer.text());
    let details = answer.json()["Details"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        details.contains("orthanc.json") && details.contains("as the body"),
        "{details}"
    );
    fs::write(&path, "{ \"DicomModalities\": {} }").expect("written");
    let answer = queue.post("/sendqueue/reload", "");
    assert_eq!(answer.status, 400, "no section: {}", answer.text());
    let answer = queue.tell("/reload", &json!({ "HistoryDays": 3 }));
    assert_eq!(answer["Changed"], json!(["HistoryDays"]));
}
