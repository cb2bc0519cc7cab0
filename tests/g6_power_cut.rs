//! G6: what a person was told is done survives a power cut, whatever was written and not synced is lost.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use OrthancSendQueue::item::Timestamp;
use OrthancSendQueue::store::sqlite::SqliteStore;
use OrthancSendQueue::store::{
    Book, Decisions, Filter, NewDeletion, Outputs, Page, Protections, Retention, StudyName,
    Subject, Subjects, Unsent,
};
use rusqlite::Connection;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, PowerCut, Study, poll};
use serde_json::{Value, json};

/// The states of all items, by number, and whether `pacs` is paused, as the plugin finds them after the power cut.
fn after_cut(database: &Path) -> (Vec<(i64, String)>, bool) {
    let store = SqliteStore::open(database).unwrap();
    let items = store
        .items(&Filter::default(), Page::after(0, 1000))
        .unwrap();
    let states = items
        .iter()
        .map(|item| (item.id, format!("{} {}", item.destination, item.state)))
        .collect();
    let pacs = store.destination("pacs").unwrap();
    (states, pacs.is_some_and(|pacs| pacs.paused_since.is_some()))
}

#[test]
fn each_action_is_on_the_disk_before_its_answer() {
    let (scp, other) = (FaultScp::start("PACS"), FaultScp::start("OTHER"));
    scp.set_status(0xC000);
    let queue = Queue::start(
        queue::config(&["pacs"])
            .modality("pacs", scp.aet(), scp.port())
            .modality("other", other.aet(), other.port()),
    );
    queue.store_all(&Study::new(1, 3).seed(1).build());
    queue.wait_for("pacs", "Failure", 3);
    queue.tell("/destinations/other/pause", &json!({}));
    let ids: Vec<i64> = queue
        .items("")
        .iter()
        .map(|item| item["ID"].as_i64().unwrap())
        .collect();
    let study = queue.item(ids[0])["Study"].clone();
    let database = queue.data_dir().join("index").join("sendqueue.db");
    let cut = PowerCut::record(queue.pid(), &database);

    let now = || queue.items("");
    let mut seed = 0;
    let mut check = |what: &str, paused: bool| {
        let expected: Vec<(i64, String)> = now()
            .iter()
            .map(|item| {
                let text = |key: &str| item[key].as_str().unwrap().to_owned();
                let said = format!("{} {}", text("Destination"), text("State"));
                (item["ID"].as_i64().unwrap(), said)
            })
            .collect();
        seed += 1;
        for seed in [None, Some(seed), Some(seed + 1000)] {
            let (_folder, copy) = cut.now(seed);
            assert_eq!(after_cut(&copy), (expected.clone(), paused), "after {what}");
        }
    };
    let post = |path: &str, body: Value| queue.tell(path, &body);

    post("/destinations/pacs/pause", json!({}));
    check("pause", true);
    let asked = post(
        "/items",
        json!({ "Resources": [study], "Destinations": ["other"] }),
    );
    assert_eq!(asked["Enqueued"], 3);
    check("enqueue", true);
    let new = now()[3]["ID"].as_i64().unwrap();
    post(&format!("/items/{new}/send-now"), json!({}));
    check("send-now", true);
    post(&format!("/items/{new}/cancel"), json!({}));
    check("cancel", true);
    post(&format!("/items/{new}/replay"), json!({}));
    check("replay", true);
    let _ = queue.delete(&format!("/sendqueue/items/{new}")).ok();
    check("remove", true);
    post(
        &format!("/items/{}/redirect", ids[0]),
        json!({ "To": "other" }),
    );
    check("redirect", true);
    post("/errors/replay", json!({ "IDs": [ids[1]] }));
    check("replay of errors", true);
    post("/errors/purge", json!({ "All": true }));
    check("purge of errors", true);
    scp.set_status(0);
    let told = queue.post_json("/sendqueue/destinations/pacs/resume", &json!({}));
    let (_folder, copy) = cut.now(None);
    let _ = told.ok();
    assert!(!after_cut(&copy).1, "after resume");
}

#[test]
fn at_rest_the_file_alone_has_everything() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(4, 10).seed(1).build());
    queue.wait_for("pacs", "Pending", 40);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("backup.db");
    let is_whole = || {
        std::fs::copy(queue.data_dir().join("index").join("sendqueue.db"), &copy).unwrap();
        let counted = Connection::open(&copy).and_then(|copy| {
            copy.query_row("SELECT count(*) FROM item", [], |row| row.get::<_, i64>(0))
        });
        counted.is_ok_and(|items| items == 40)
    };
    assert!(poll(is_whole, SOON), "the file alone has not all items");
}

/// The commands of the page, as they stand there, on a queue at work.
#[test]
fn the_documented_backups_are_whole() {
    const PAGE: &str = include_str!("../docs/power-loss-and-backup.md");
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(2, 5).seed(1).build());
    queue.wait_for("pacs", "Pending", 10);
    let database = queue.data_dir().join("index").join("sendqueue.db");
    let folder = tempfile::tempdir().unwrap();
    let mut commands = PAGE
        .split("```sh\n")
        .skip(1)
        .filter_map(|block| block.split_once("\n```"))
        .map(|(command, _)| {
            command
                .replace(
                    "/var/lib/orthanc/db-v6/sendqueue.db",
                    &database.display().to_string(),
                )
                .replace("/var/backups", &folder.path().display().to_string())
        });
    let run = |command: &str| {
        let done = Command::new("sh").args(["-ec", command]).output().unwrap();
        assert!(done.status.success(), "{command}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    for name in ["sendqueue.db", "sendqueue-small.db"] {
        run(&commands.next().unwrap());
        let (items, _) = after_cut(&folder.path().join(name));
        assert_eq!(items.len(), 10, "{name}");
    }
    assert_eq!(run(&commands.next().unwrap()), "ok\n");
    assert!(commands.next().is_none(), "a command that is not tried");
}

/// Set in the child of the test below: its database.
const GIVES: &str = "SENDQUEUE_TEST_GIVES";

fn unsent(study: &str) -> Unsent {
    Unsent {
        patient: format!("{study}-patient"),
        study: study.to_owned(),
    }
}

fn deletion(study: &str) -> NewDeletion {
    NewDeletion {
        name: StudyName {
            study: study.to_owned(),
            ..StudyName::default()
        },
        begun: Timestamp::from_micros(1_800_000_000_000_000),
        instances: 1,
        bytes: 1,
        is_emergency: false,
        safe: Vec::new(),
    }
}

/// Not a test of its own: for each line that it is given decides of a study, gives it a number, remembers an output and
/// a subject, puts a patient on record who is to be protected, or a study that is to be deleted, and tells once it is
/// known.
#[test]
fn giver() {
    let Some(path) = std::env::var_os(GIVES) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path)).unwrap();
    println!("\nready");
    let now = Timestamp::from_micros(1_800_000_000_000_000);
    for study in std::io::stdin().lines() {
        let study = study.unwrap();
        let (first, what) = study.split_once(' ').unwrap();
        match what {
            "decide" => {
                let found = BTreeMap::from([("source".to_owned(), first.to_owned())]);
                store.decide("sites", first, &found, now).unwrap();
            }
            "output" => store
                .remember_output(first, "study", Some("2.25.1"), now)
                .unwrap(),
            "subject" => {
                let subject = Subject {
                    key: vec![first.to_owned()],
                    values: Vec::new(),
                };
                store.add_subjects("trial", &[subject]).unwrap();
            }
            "protect" => store.protect(&[unsent(first)]).unwrap(),
            "delete" => {
                store.begin_deletion(&deletion(first)).unwrap();
            }
            _ => {
                store.issue_serial("accessions", first, 41, now).unwrap();
            }
        }
        println!("\ndone");
    }
}

/// What was given and may be at a receiver is never taken back, nor given to another.
#[test]
fn what_is_decided_once_is_on_the_disk_before_anything_follows_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("sendqueue.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "giver", "--nocapture"])
        .env(GIVES, &database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut wait_for = |what: &str| {
        let found = lines.by_ref().map(Result::unwrap).any(|line| line == what);
        assert!(found, "{what}");
    };
    wait_for("ready");
    let cut = PowerCut::record(child.id(), &database);
    let mut input = child.stdin.take().unwrap();
    for round in 0..6_u64 {
        for what in ["number", "decide", "output", "subject", "protect", "delete"] {
            writeln!(input, "1.{round} {what}").unwrap();
            wait_for("done");
            let is_kept = |store: &SqliteStore, round: u64, what: &str| {
                let study = format!("1.{round}");
                match what {
                    "decide" => store.decided("sites", &study).unwrap()["source"] == study,
                    "output" => store.own_outputs(&[(&study, "2.25.1")]).unwrap()[0],
                    "subject" => store.subject("trial", &[study]).unwrap().is_some(),
                    "protect" => store.is_protected(&unsent(&study).patient).unwrap(),
                    "delete" => {
                        let open = store.open_deletions().unwrap();
                        open.iter().any(|one| one.new == deletion(&study))
                    }
                    _ => store.serial("accessions", &study).unwrap() == Some(41 + round),
                }
            };
            for seed in [None, Some(round), Some(round + 1000)] {
                let (_folder, copy) = cut.now(seed);
                let store = SqliteStore::open(&copy).unwrap();
                assert!(is_kept(&store, round, what), "round {round}: {what}");
                for before in 0..round {
                    assert!(is_kept(&store, before, what), "{before} in {round}: {what}");
                }
                let now = Timestamp::from_micros(1_800_000_000_000_000);
                let next = store.issue_serial("accessions", "next", 1, now).unwrap();
                assert_eq!(next, 42 + round);
            }
        }
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}
