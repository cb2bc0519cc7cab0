//! What a destination acknowledged is confirmed by itself alone: real archives, and one that says what is not true.

use sendqueue_testkit::dicom::CT_IMAGE;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{
    Archive, FaultScp, OrthancConfig, QueryScp, Receiver, ReceiverKind, Study, poll,
};
use serde_json::{Value, json};

const VERIFICATION: &str = "1.2.840.10008.1.1";
const NO_SUCH_INSTANCE: u16 = 0x0112;
const CONFLICT: u16 = 0x0119;

/// With one destination that is asked by these means, at once, and again each second.
fn config(aet: &str, port: u16, confirm: &Value) -> OrthancConfig {
    let mut confirm = confirm.clone();
    confirm["Delay"] = json!(0);
    queue::config(&["archive"])
        .modality("archive", aet, port)
        .set("/SendQueue/Destinations/archive/Confirm", confirm)
        .set(
            "/SendQueue/Defaults/Retry",
            json!({ "Delay": 1, "MaxDelay": 1 }),
        )
}

fn by(means: &str) -> Value {
    json!({ "By": means })
}

/// The states and confirmations of all items, in their order.
fn told(queue: &Queue) -> Vec<(String, String)> {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let items = queue.items("");
    let told = items
        .iter()
        .map(|item| (text(item, "State"), text(item, "Confirmation")));
    told.collect()
}

#[track_caller]
fn wait_for(queue: &Queue, expected: &[&str]) {
    let mut last = Vec::new();
    let reached = poll(
        || {
            last = told(queue);
            let said = last.iter().map(|(_, confirmation)| confirmation.as_str());
            said.eq(expected.iter().copied())
        },
        SOON,
    );
    assert!(
        reached,
        "{expected:?}, not {last:?}: {:#?}",
        queue.items("")
    );
}

/// Instances of one study, as they are stored; their SOP Instance UIDs, in the order of their items.
fn store(queue: &Queue, count: usize) -> Vec<String> {
    queue.store_all(&Study::new(1, count).build());
    queue.wait_until(|| queue.items("").len() == count, SOON, "an item for each");
    let items = queue.items("");
    let uid = |item: &Value| item["SopInstanceUid"].as_str().unwrap().to_owned();
    items.iter().map(uid).collect()
}

/// An archive that was told what to say, and the queue that asks it.
fn archive(confirm: &Value, reports: &[Value]) -> (Archive, Queue) {
    let archive = Archive::start("ARCHIVE");
    let other = FaultScp::start("OTHER");
    // Orthanc takes reports from modalities that it knows.
    let config =
        config(archive.aet(), archive.port(), confirm).modality("other", other.aet(), other.port());
    let queue = Queue::start(config);
    tell(&archive, &queue, reports);
    (archive, queue)
}

/// What it is to report on each request.
fn tell(archive: &Archive, queue: &Queue, reports: &[Value]) {
    let to = (&*queue.aet(), queue.dicom_port());
    archive.plan(to, &json!({ "Reports": reports }));
}

#[test]
fn an_archive_that_reports_on_all_confirms_them() {
    // Twice, as some do.
    let report = json!({ "Success": [0, 1, 2] });
    let (archive, queue) = archive(&by("StorageCommitment"), &[report.clone(), report]);
    let uids = store(&queue, 3);
    wait_for(&queue, &["Confirmed"; 3]);
    assert!(told(&queue).iter().all(|(state, _)| state == "Success"));
    let requests = archive.requests();
    let mut asked: Vec<&str> = requests
        .iter()
        .flat_map(|one| one["Pairs"].as_array().unwrap())
        .map(|pair| {
            assert_eq!(pair[0], CT_IMAGE);
            pair[1].as_str().unwrap()
        })
        .collect();
    asked.sort_unstable();
    let mut sent: Vec<&str> = uids.iter().map(String::as_str).collect();
    sent.sort_unstable();
    assert_eq!(asked, sent);
    for one in &requests {
        assert_eq!(one["Calling"], queue.aet());
        assert_eq!(one["Action"], json!(["1.2.840.10008.1.20.1.1", 1]));
    }
    assert_eq!(archive.stored().len(), 3);
}

/// What an archive says of three instances, and how many it confirms by that.
#[test]
fn only_what_the_archive_names_in_this_transaction_is_confirmed() {
    let all = json!([0, 1, 2]);
    let gone = json!({ "0": NO_SUCH_INSTANCE, "1": NO_SUCH_INSTANCE });
    let busy = json!({ "0": 0x0110, "1": 0x0213 });
    let other = "1.2.840.10008.5.1.4.1.1.4";
    let table = [
        ("one", json!({ "Success": [1] }), 1),
        ("none", json!({}), 0),
        (
            "another modality",
            json!({ "From": "OTHER", "Success": all }),
            0,
        ),
        (
            "another class",
            json!({ "Class": other, "Success": all }),
            0,
        ),
        ("both", json!({ "Success": all, "Failures": gone }), 1),
        ("cannot now", json!({ "Success": [2], "Failures": busy }), 1),
        // One that nobody asked for.
        (
            "another transaction",
            json!({ "Transaction": "2.25.4711", "Success": all }),
            0,
        ),
    ];
    let confirm = json!({ "By": "StorageCommitment", "Timeout": 5 });
    for (name, report, confirmed) in table {
        let (archive, queue) = archive(&confirm, &[report]);
        store(&queue, 3);
        let is_over = |one: &str| one == "Confirmed" || one == "TimedOut";
        let over = || told(&queue).iter().all(|(_, one)| is_over(one));
        queue.wait_until(over, SOON, name);
        let told = told(&queue);
        let count = told.iter().filter(|(_, one)| one == "Confirmed").count();
        assert_eq!(count, confirmed, "{name}: {told:?}");
        assert!(
            told.iter().all(|(state, _)| state == "Success"),
            "{name}: {told:?}"
        );
        // Orthanc took them all.
        let reports = archive.reports();
        assert!(!reports.is_empty(), "{name}");
        assert!(
            reports.iter().all(|one| one["Status"] == 0),
            "{name}: {reports:?}"
        );
        // Sent once.
        assert_eq!(archive.stored().len(), 3, "{name}");
    }
}

#[test]
fn what_the_archive_does_not_have_is_sent_again_once() {
    // Once it is stored again, it is the fourth.
    let gone = json!({ "1": NO_SUCH_INSTANCE });
    let report = json!({ "Success": [0, 2, 3], "Failures": gone });
    let (archive, queue) = archive(&by("StorageCommitment"), &[report]);
    store(&queue, 3);
    wait_for(&queue, &["Confirmed"; 3]);
    let stored = archive.stored();
    assert_eq!(stored.len(), 4);
    assert_eq!(stored[1], stored[3]);

    // That it still does not have it is for a person.
    let gone = json!({ "4": NO_SUCH_INSTANCE, "5": NO_SUCH_INSTANCE });
    tell(&archive, &queue, &[json!({ "Failures": gone })]);
    queue.store_all(&Study::new(1, 1).seed(2).build());
    queue.wait_for("archive", "Failure", 1);
    let failed = &queue.items("state=Failure")[0];
    assert_eq!(failed["Confirmation"], "Refused");
    let details = failed["Details"].as_str().unwrap();
    assert!(
        details.contains("no such object instance (0x0112)"),
        "{failed:#}"
    );
    assert_eq!(archive.stored().len(), 6);
}

#[test]
fn what_the_archive_will_never_answer_for_is_refused_and_not_sent_again() {
    let failures = json!({ "0": CONFLICT });
    let report = json!({ "Failures": failures });
    let (archive, queue) = archive(&by("StorageCommitment"), &[report]);
    store(&queue, 1);
    wait_for(&queue, &["Refused"]);
    assert_eq!(archive.stored().len(), 1);
    assert_eq!(archive.requests().len(), 1);
}

/// Reports live in Orthanc's memory: after a restart there is none, and the archive is asked again.
#[test]
fn a_transaction_that_a_restart_has_forgotten_is_begun_anew() {
    let (archive, mut queue) = archive(&by("StorageCommitment"), &[]);
    store(&queue, 1);
    queue.wait_until(|| archive.requests().len() == 1, SOON, "it is asked");
    queue.restart().unwrap();
    tell(&archive, &queue, &[json!({ "Success": [0] })]);
    wait_for(&queue, &["Confirmed"]);
    let transactions = archive.requests();
    assert_ne!(
        transactions[0]["Transaction"],
        transactions[1]["Transaction"]
    );
}

/// The question has all that it needs from the delivery.
#[test]
fn what_orthanc_has_no_more_is_asked_for_all_the_same() {
    let (archive, mut queue) = archive(&by("StorageCommitment"), &[]);
    let uids = store(&queue, 2);
    queue.wait_until(|| archive.requests().len() == 1, SOON, "it is asked");
    let study = queue.get("/studies").json()[0].as_str().unwrap().to_owned();
    let _ = queue.delete(&format!("/studies/{study}")).ok();
    // The transaction is forgotten with Orthanc's memory.
    tell(&archive, &queue, &[json!({ "Success": [0, 1] })]);
    queue.restart().unwrap();
    wait_for(&queue, &["Confirmed"; 2]);
    let again = &archive.requests()[1]["Pairs"];
    let asked = again.as_array().unwrap().iter();
    let mut asked: Vec<(&str, &str)> = asked
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .collect();
    asked.sort_unstable();
    let mut sent: Vec<(&str, &str)> = uids.iter().map(|uid| (CT_IMAGE, uid.as_str())).collect();
    sent.sort_unstable();
    assert_eq!(asked, sent);
}

#[test]
fn another_archive_at_the_same_name_is_not_asked_for_what_the_first_one_got() {
    let (first, queue) = archive(&by("StorageCommitment"), &[]);
    store(&queue, 1);
    queue.wait_until(|| first.requests().len() == 1, SOON, "it is asked");
    let second = Archive::start("ARCHIVE");
    tell(&second, &queue, &[]);
    let entry = json!({ "AET": "ARCHIVE", "Host": "127.0.0.1", "Port": second.port() });
    let _ = queue.put("/modalities/archive", entry.to_string()).ok();
    wait_for(&queue, &["TimedOut"]);
    let item = &queue.items("")[0];
    let expected = format!(
        "it was delivered to 127.0.0.1:{}, and the destination leads to 127.0.0.1:{} now",
        first.port(),
        second.port()
    );
    let details = item["Details"].as_str().unwrap();
    assert!(details.ends_with(&expected), "{details}");
    assert!(second.requests().is_empty());
    // A person who knows that it has it all may ask it.
    let study = &item["Study"];
    queue.tell("/destinations/archive/confirm", &json!({ "Study": study }));
    queue.wait_until(|| second.requests().len() == 1, SOON, "it is asked");
    assert!(second.stored().is_empty());
}

#[test]
fn dcmtks_archive_is_asked_by_c_find() {
    let scp = QueryScp::start("ARCHIVE").unwrap();
    let confirm = json!({ "By": "Find", "Timeout": 5 });
    let queue = Queue::start(config(scp.aet(), scp.port(), &confirm));
    queue.store_all(&Study::new(3, 40).build());
    let all_are = |wanted: &str| {
        let told = told(&queue);
        told.len() == 120 && told.iter().all(|(_, one)| one == wanted)
    };
    queue.wait_until(|| all_are("Confirmed"), SOON, "all are found");
    // It has lost them; a person asks.
    scp.forget().unwrap();
    let study = &queue.items("limit=1")[0]["Study"];
    queue.tell("/destinations/archive/confirm", &json!({ "Study": study }));
    queue.wait_until(|| all_are("TimedOut"), SOON, "none is found");
    let item = &queue.items("")[0];
    let details = item["Details"].as_str().unwrap();
    assert!(details.contains("C-FIND did not find it"), "{item:#}");
}

#[test]
fn who_cannot_be_asked_confirms_nothing() {
    let scp = FaultScp::start("ARCHIVE");
    scp.accept_sop_classes(|uid| uid == CT_IMAGE || uid == VERIFICATION);
    for means in ["Find", "StorageCommitment"] {
        let confirm = json!({ "By": means, "Timeout": 3 });
        let queue = Queue::start(config(scp.aet(), scp.port(), &confirm));
        store(&queue, 2);
        wait_for(&queue, &["TimedOut"; 2]);
        let item = &queue.items("")[0];
        assert_eq!(item["State"], "Success");
        let details = item["Details"].as_str().unwrap();
        assert!(details.contains("it does not take"), "{item:#}");
    }
}

/// By our own SCU, whichever way it is sent to.
#[test]
fn an_orthanc_is_asked_by_both() {
    let receiver = Receiver::start(ReceiverKind::Orthanc, "ARCHIVE");
    let orthanc = receiver.orthanc().unwrap();
    for transport in ["Native", "Rest"] {
        for means in ["Find", "StorageCommitment"] {
            let config = config(receiver.aet(), receiver.port(), &by(means))
                .set("/SendQueue/Destinations/archive/Transport", transport);
            let queue = Queue::start(config);
            let sender =
                json!({ "AET": queue.aet(), "Host": "127.0.0.1", "Port": queue.dicom_port() });
            let _ = orthanc.put("/modalities/sender", sender.to_string()).ok();
            queue.store_all(&Study::new(2, 30).build());
            queue.wait_until(
                || {
                    let told = told(&queue);
                    told.len() == 60 && told.iter().all(|(_, one)| one == "Confirmed")
                },
                SOON,
                &format!("{transport} {means}"),
            );
        }
    }
}
