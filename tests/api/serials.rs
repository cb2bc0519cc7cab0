//! `/sendqueue/serials`: who got which number.

use OrthancSendQueue::item::Timestamp;
use OrthancSendQueue::store::Decisions as _;
use OrthancSendQueue::store::sqlite::SqliteStore;

use super::*;

fn numbers(list: &Value) -> Vec<u64> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one["Number"].as_u64().expect("a number"))
        .collect()
}

#[test]
fn who_got_which_number() {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    assert_eq!(queue.ask("/serials"), json!([]));
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("pacs", "Success", 1);
    let study = queue.get("/studies?expand").ok().json()[0].clone();
    let uid = study["MainDicomTags"]["StudyInstanceUID"]
        .as_str()
        .unwrap()
        .to_owned();
    queue.stop().unwrap();
    let store = SqliteStore::open(&queue.data_dir().join("index/sendqueue.db")).unwrap();
    let now = Timestamp::from_micros(1_800_000_000_000_000);
    for study in ["1.2.3", &uid, "1.2.4"] {
        store.issue_serial("accessions", study, 41, now).unwrap();
    }
    store.issue_serial("other", "1.2.3", 1, now).unwrap();
    drop(store);
    queue.restart().unwrap();

    let expected = json!([
        { "Name": "accessions", "Last": 43, "Next": 44 }, { "Name": "other", "Last": 1, "Next": 2 },
    ]);
    assert_eq!(queue.ask("/serials"), expected);
    let all = queue.ask("/serials/accessions");
    assert_eq!(numbers(&all), [41, 42, 43]);
    let second = json!({ "Number": 42, "StudyInstanceUid": uid, "Time": "20270115T080000.000000" });
    assert_eq!(all[1], second);
    let of = |query: &str| queue.ask(&format!("/serials/accessions?{query}"));
    let id = study["ID"].as_str().unwrap();
    for asked in [&uid, id] {
        assert_eq!(of(&format!("study={asked}")), json!([second]));
    }
    for (query, found) in [
        ("study=1.2.9", vec![]),
        ("study=27f7126f-4f66fb14-03f4081b-f9341db2-53925988", vec![]),
        ("study=nonsense", vec![]),
        ("since=41&limit=1", vec![42]),
        ("since=43", vec![]),
        ("study=1.2.4&since=43", vec![]),
    ] {
        assert_eq!(numbers(&of(query)), found, "{query}");
    }
    for (path, status) in [
        ("none", 404),
        ("accessions?since=-1", 400),
        ("accessions?limit=0", 400),
        ("accessions?order=desc", 400),
        ("accessions?name=x", 400),
    ] {
        let answer = queue.get(&format!("/sendqueue/serials/{path}"));
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    // To look gave none.
    assert_eq!(queue.ask("/serials"), expected);
}
