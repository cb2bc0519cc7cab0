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
    let serials = json!({ "accessions": { "Prefix": "RT" }, "orders": { "Start": 500 } });
    let recipe = json!([{ "Set": { "AccessionNumber": "{serial:accessions,8}" } }]);
    let config = queue::config_for(&[&scp])
        .set("/SendQueue/Serials", serials)
        .set("/SendQueue/Coercions/numbered", recipe);
    let mut queue = Queue::start(config.clone());
    let state = |name: &str, prefix: &str, last: Value, next: u64| json!({ "Name": name, "Prefix": prefix, "Last": last, "Next": next });
    let none = json!([
        state("accessions", "RT", Value::Null, 1),
        state("orders", "", Value::Null, 500)
    ]);
    assert_eq!(queue.ask("/serials"), none);
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
        state("accessions", "RT", json!(43), 44),
        state("orders", "", Value::Null, 500),
        state("other", "", json!(1), 2),
    ]);
    assert_eq!(queue.ask("/serials"), expected);
    let all = queue.ask("/serials/accessions");
    assert_eq!(numbers(&all), [41, 42, 43]);
    let second = json!({
        "Number": 42,
        "SentAs": "RT00000042",
        "StudyInstanceUid": uid,
        "Time": "20270115T080000.000000",
    });
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
    assert_eq!(queue.ask("/serials/orders"), json!([]));
    // To look gave none.
    assert_eq!(queue.ask("/serials"), expected);
    // As after an older backup was restored: what was given since is left out.
    let raised = json!({ "accessions": { "Prefix": "RT", "Start": 100 } });
    queue
        .restart_with(config.set("/SendQueue/Serials", raised))
        .unwrap();
    let expected = json!([
        state("accessions", "RT", json!(43), 100),
        state("other", "", json!(1), 2),
    ]);
    assert_eq!(queue.ask("/serials"), expected);
}
