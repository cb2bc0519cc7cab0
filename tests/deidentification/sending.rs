//! De-identified on the way to real receivers: the same bytes at each try, the same UIDs in the next process and for
//! other destinations with the key; who is not known yet waits.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sendqueue_dicom::{DataSet, Tag, text};
use sendqueue_testkit::dcmtk::StoreScp;
use sendqueue_testkit::dicom::EXPLICIT_VR_LE;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, OrthancVersion, Study};
use serde_json::json;

const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";

/// A folder with a key, and what Orthanc calls it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let (folder, inside) = OrthancVersion::under_test().folder();
    fs::write(folder.path().join("trial.key"), "0123456789abcdef\n").expect("a key");
    (folder, inside)
}

/// The texts of these tags; empty: it is not there.
fn values(data_set: &[u8], tags: &[Tag]) -> Vec<String> {
    let data = DataSet::parse(data_set, EXPLICIT_VR_LE).expect("a data set");
    let charset = text::charset(data.root()).expect("a character set");
    let one = |tag: &Tag| {
        let element = data.root().get(*tag);
        let value = element.map(|element| text::of(element, &charset).expect("text"));
        value.flatten().unwrap_or_default()
    };
    tags.iter().map(one).collect()
}

fn study(seed: u64, patient: &str) -> Study {
    Study::new(2, 3)
        .seed(seed)
        .patient_id(patient)
        .patient_name("Hidden^Patient")
        .tag((0x0010, 0x0021), "LO", "HOSPITAL-A")
        .tag((0x0008, 0x0020), "DA", "20240301")
}

fn has(bytes: &[u8], secret: &str) -> bool {
    bytes
        .windows(secret.len())
        .any(|one| one == secret.as_bytes())
}

fn dumped(file: &Path, tag: &str) -> String {
    let output = Command::new("dcmdump")
        .args(["+P", tag])
        .arg(file)
        .output()
        .expect("dcmdump");
    assert!(output.status.success(), "{}", file.display());
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = printed
        .split('[')
        .nth(1)
        .and_then(|rest| rest.split(']').next());
    value.unwrap_or_default().to_owned()
}

#[test]
fn the_same_leaves_at_each_try_and_in_the_next_process() {
    let (_folder, inside) = folder();
    let key = inside.join("trial.key");
    let pacs = StoreScp::start("PACS").expect("storescp");
    let slow = FaultScp::start("SLOW");
    slow.keep_bytes(true);
    let trial = json!({ "Profile": "Basic", "KeyFile": key, "Dates": "Shift" });
    let config = queue::config(&["pacs", "slow"])
        .modality("pacs", "PACS", pacs.port())
        .modality("slow", "SLOW", slow.port())
        .set("/SendQueue/Deidentifications", json!({ "trial": trial }))
        .set("/SendQueue/Defaults/Deidentify", "trial")
        .set("/SendQueue/Defaults/Retry", json!({ "Delay": 0 }));
    let mut queue = Queue::start(config);
    slow.set_status(0xA700);
    let study = study(1, "12345");
    let first = [study.instance(1, 1), study.instance(1, 2)];
    queue.store_all(&first);
    queue.wait_for("pacs", "Success", 2);
    queue.wait_until(|| slow.stores().len() >= 4, SOON, "several tries");
    slow.set_status(0);
    queue.wait_for("slow", "Success", 2);
    queue.kill9();
    queue.restart().expect("Orthanc");
    let late = [study.instance(2, 1)];
    queue.store_all(&late);
    queue.wait_for("pacs", "Success", 3);
    queue.wait_for("slow", "Success", 3);

    // Each instance has the same bytes however often it was sent.
    let stores = slow.stores();
    let sent: BTreeSet<(String, Vec<u8>)> = stores
        .iter()
        .map(|one| {
            (
                one.sop_instance_uid.clone(),
                one.bytes.clone().expect("kept"),
            )
        })
        .collect();
    assert_eq!(sent.len(), 3, "of {} tries", stores.len());
    assert!(stores.len() > 4);
    let tags = [
        Tag::SOP_INSTANCE_UID,
        Tag::STUDY_INSTANCE_UID,
        Tag(0x0008, 0x0020),
        Tag::PATIENT_NAME,
        Tag(0x0012, 0x0062),
    ];
    let mut studies = BTreeSet::new();
    for (uid, bytes) in &sent {
        let found = values(bytes, &tags);
        assert_eq!(
            (found[0].as_str(), found[3].as_str(), found[4].as_str()),
            (uid.as_str(), "", "YES")
        );
        assert!(uid.starts_with("2.25."), "{uid}");
        studies.insert((found[1].clone(), found[2].clone()));
        for secret in [
            "Hidden",
            "12345",
            "HOSPITAL-A",
            "20240301",
            &study.study_uid(),
        ] {
            assert!(!has(bytes, secret), "{secret}");
        }
    }
    assert_eq!(studies.len(), 1, "one study and one date: {studies:?}");
    // The other destination, which is DCMTK, has the same instances, and group 0002 says so too.
    let files = pacs.received_files();
    let uids = files.iter().map(|file| dumped(file, "0008,0018"));
    let expected: BTreeSet<String> = sent.iter().map(|(uid, _)| uid.clone()).collect();
    assert_eq!(uids.collect::<BTreeSet<_>>(), expected);
    for file in &files {
        assert_eq!(dumped(file, "0002,0003"), dumped(file, "0008,0018"));
        assert!(!has(&fs::read(file).expect("a file"), "Hidden"));
    }
    // What was sent is on the attempt; what Orthanc has is as it came.
    let items = queue.items("destination=pacs");
    let own: BTreeSet<_> = items
        .iter()
        .map(|item| item["SopInstanceUid"].as_str().expect("a UID").to_owned())
        .collect();
    let stored = first.iter().chain(&late);
    assert_eq!(
        own,
        stored.map(|one| one.sop_instance_uid.clone()).collect()
    );
    let attempt = queue.item(items[0]["ID"].as_i64().expect("a number"))["Attempts"][0].clone();
    let uid = attempt["SentSopInstanceUid"].as_str().expect("another UID");
    assert!(expected.contains(uid), "{attempt}");
    assert_eq!(queue.log_errors(), Vec::<String>::new());
}

#[test]
fn who_is_not_known_waits_and_what_has_text_in_its_pixels_does_not_leave() {
    let (folder, inside) = folder();
    let list = folder.path().join("subjects.csv");
    fs::write(
        &list,
        "IssuerOfPatientID,PatientID,Subject\nHOSPITAL-A,1,T-001\n",
    )
    .expect("a list");
    let scp = FaultScp::start("PACS");
    scp.keep_bytes(true);
    let trial = json!({
        "Profile": "Basic", "KeyFile": inside.join("trial.key"),
        "Lookup": { "File": inside.join("subjects.csv"), "Key": ["IssuerOfPatientID", "PatientID"] },
        "Set": { "PatientID": "{lookup}", "PatientName": "{lookup:Subject}^Trial" },
    });
    let config = queue::config_for(&[&scp])
        .set("/SendQueue/Deidentifications", json!({ "trial": trial }))
        .set("/SendQueue/Destinations/pacs/Deidentify", "trial");
    let queue = Queue::start(config);
    let known = || -> BTreeSet<Vec<String>> {
        let stores = scp.stores();
        let tags = [Tag::PATIENT_ID, Tag::PATIENT_NAME];
        stores
            .iter()
            .map(|one| values(one.bytes.as_ref().expect("kept"), &tags))
            .collect()
    };
    let who = |names: &[&str]| -> BTreeSet<Vec<String>> {
        let row = |name: &&str| vec![(*name).to_owned(), format!("{name}^Trial")];
        names.iter().map(row).collect()
    };
    // Two that nobody knows, one that the list has, one that is refused.
    queue.store_all(&[study(2, "2").instance(1, 1), study(3, "3").instance(1, 1)]);
    queue.wait_for("pacs", "Scheduled", 2);
    queue.store_all(&[study(1, "1").instance(1, 1)]);
    queue.wait_for("pacs", "Success", 1);
    queue.store_all(&[study(4, "1").sop_class(SECONDARY_CAPTURE).instance(1, 1)]);
    queue.wait_for("pacs", "Failure", 1);
    assert_eq!(known(), who(&["T-001"]));
    let refused = &queue.items("state=Failure")[0];
    assert_eq!(
        (&refused["Class"], &refused["AttemptCount"]),
        (&json!("Coercion"), &json!(0))
    );
    assert!(
        refused["Details"]
            .as_str()
            .expect("a reason")
            .contains("\"SC\""),
        "{refused}"
    );
    for item in queue.items("state=Scheduled") {
        assert_eq!(
            (&item["Class"], &item["AttemptCount"]),
            (&json!("Coercion"), &json!(0))
        );
        let details = item["Details"].as_str().expect("a reason");
        assert!(
            details.contains("subjects.csv") && !details.contains("HOSPITAL"),
            "{details}"
        );
    }
    let health = queue.ask("/health");
    assert!(
        health["Warnings"].to_string().contains("2 items wait"),
        "{health}"
    );

    // By REST, and by the file.
    let path = "/deidentifications/trial/subjects";
    let row = |id: &str, name: &str| json!({ "Subjects": [ { "IssuerOfPatientID": "HOSPITAL-A", "PatientID": id, "Subject": name } ] });
    let added = queue.tell(path, &row("2", "T-002"));
    assert_eq!(added, json!({ "Added": 1, "Replaced": 0, "Woken": 2 }));
    queue.wait_for("pacs", "Success", 2);
    assert_eq!(known(), who(&["T-001", "T-002"]));
    let post =
        |body: &serde_json::Value| queue.post_json(&format!("/sendqueue{path}"), body).status;
    assert_eq!(post(&row("1", "T-009")), 409, "the file has it");
    assert_eq!(post(&row("4", "")), 400);
    assert_eq!(
        post(&json!({ "Subjects": [ { "PatientID": "4", "Subject": "T-004" } ] })),
        400
    );
    assert_eq!(
        post(&json!({ "Subjects": [ { "PatientName": "x" } ] })),
        400
    );
    let mut rows = fs::read_to_string(&list).expect("the list");
    rows.push_str("HOSPITAL-A,3,T-003\n");
    fs::write(&list, rows).expect("the list");
    queue.wait_for("pacs", "Success", 3);
    assert_eq!(known(), who(&["T-001", "T-002", "T-003"]));
    assert_eq!(queue.count("pacs", "Scheduled"), 0);
    let log = queue.log();
    for secret in ["Hidden", "HOSPITAL-A", "T-002"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}
