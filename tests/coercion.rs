//! What is sent differs from what is stored as a recipe says: per sender, the same for all of a study, the same at each
//! try, and never the stored original where it cannot be changed as asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use sendqueue_dicom::{DataSet, Tag, text};
use sendqueue_testkit::dcmtk::{StoreScp, StoreScu};
use sendqueue_testkit::dicom::{BASIC_TEXT_SR, EXPLICIT_VR_LE};
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, OrthancConfig, Study, poll};
use serde_json::{Value, json};

const ACCESSION: (u16, u16) = (0x0008, 0x0050);

/// "a prefix to an MRN and a suffix to an accession number, only if the accession is included; if it is blank, insert
/// an accession number at least 8 digits long and no other coercion".
fn sites(config: OrthancConfig) -> OrthancConfig {
    config
        .set("/SendQueue/Sources", json!({ "A": { "CallingAet": ["CT_A", "MR_A"] }, "B": { "CallingAet": "CT_B" } }))
        .set("/SendQueue/Serials", json!({ "accessions": { "Prefix": "RT" } }))
        .set("/SendQueue/Coercions", json!({ "sites": [
            { "If": { "AccessionNumber": "absent" },
              "Set": { "AccessionNumber": "{serial:accessions,8}" },
              "Else": [ { "Prefix": { "PatientID": "{Source}-" }, "Suffix": { "AccessionNumber": "-{Source}" } } ] } ] }))
        .set("/SendQueue/Defaults/Coerce", "sites")
}

fn study(seed: u64, accession: &str) -> Study {
    Study::new(9, 9)
        .seed(seed)
        .patient_id("MRN7")
        .tag(ACCESSION, "SH", accession)
}

/// A report of the same study without an accession number, as dose reports are.
fn report(seed: u64, number: usize) -> Instance {
    let study = study(seed, "").modality("SR").sop_class(BASIC_TEXT_SR);
    study.instance(9, number)
}

/// Patient ID and Accession Number of a file, by DCMTK.
fn dumped(file: &Path) -> (String, [String; 2]) {
    let output = Command::new("dcmdump")
        .args(["+P", "0008,0018", "+P", "0010,0020", "+P", "0008,0050"])
        .arg(file)
        .output()
        .expect("dcmdump");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |tag: &str| {
        let line = printed.lines().find(|line| line.starts_with(tag));
        let value = line.and_then(|line| line.split('[').nth(1)?.split(']').next());
        value.unwrap_or_default().trim().to_owned()
    };
    (
        value("(0008,0018)"),
        [value("(0010,0020)"), value("(0008,0050)")],
    )
}

/// The same of a data set that was received.
fn values(data_set: &[u8]) -> [String; 2] {
    let data = DataSet::parse(data_set, EXPLICIT_VR_LE).expect("a data set");
    let charset = text::charset(data.root()).expect("a character set");
    [Tag::PATIENT_ID, Tag::ACCESSION_NUMBER].map(|tag| {
        let element = data.root().get(tag);
        let value = element.map(|element| text::of(element, &charset).expect("text"));
        value.flatten().unwrap_or_default()
    })
}

fn sent_by(queue: &Queue, aet: &str, instance: &Instance) {
    let scu = StoreScu::to(&queue.aet(), queue.dicom_port()).calling(aet);
    let sent = scu.send(std::slice::from_ref(instance)).expect("storescu");
    assert!(
        sent.status.success(),
        "{}",
        String::from_utf8_lossy(&sent.stderr)
    );
}

#[test]
fn a_prefix_to_an_mrn_and_a_suffix_to_an_accession_number_only_if_the_accession_is_included() {
    let pacs = StoreScp::start("PACS").expect("storescp");
    let config = queue::config(&["pacs"]).modality("pacs", "PACS", pacs.port());
    let mut queue = Queue::start(sites(config));
    let with = study(1, "ACC1");
    let without = study(2, "");
    let other = study(3, "ACC1");
    // Instance, who sends it, what the PACS has of it.
    let first = [
        (with.instance(1, 1), "CT_A", ["A-MRN7", "ACC1-A"]),
        (without.instance(1, 1), "CT_A", ["MRN7", "RT00000001"]),
        (other.instance(1, 1), "CT_B", ["B-MRN7", "ACC1-B"]),
    ];
    // What comes later goes the way of its study, whoever sends it and whatever it says.
    let later = [
        (report(1, 1), "DOSE", ["A-MRN7", ""]),
        (report(2, 1), "CT_B", ["MRN7", "RT00000001"]),
        (
            study(2, "LATE").instance(2, 1),
            "CT_A",
            ["MRN7", "RT00000001"],
        ),
    ];
    // And in the next process.
    let next = [
        (with.instance(2, 1), "MR_A", ["A-MRN7", "ACC1-A"]),
        (report(1, 2), "DOSE", ["A-MRN7", ""]),
        (report(2, 2), "CT_A", ["MRN7", "RT00000001"]),
        (study(4, " ").instance(1, 1), "CT_A", ["MRN7", "RT00000002"]),
        // It has its prefix and its suffix already.
        (
            study(5, "ACC1-A").patient_id("A-MRN7").instance(1, 1),
            "CT_A",
            ["A-MRN7", "ACC1-A"],
        ),
    ];
    let mut expected: BTreeMap<String, [String; 2]> = BTreeMap::new();
    for (round, instances) in [&first[..], &later, &next].into_iter().enumerate() {
        if round == 2 {
            queue.kill9();
            queue.restart().expect("Orthanc");
        }
        for (instance, aet, values) in instances {
            sent_by(&queue, aet, instance);
            expected.insert(instance.sop_instance_uid.clone(), values.map(str::to_owned));
            queue.wait_for("pacs", "Success", expected.len() as u64);
        }
    }
    let files = pacs.received_files();
    let received: BTreeMap<String, [String; 2]> = files.iter().map(|file| dumped(file)).collect();
    assert_eq!(received, expected);
    let given = queue.ask("/serials/accessions");
    let given = given.as_array().expect("a list").iter();
    let studies: Vec<_> = given.map(|one| one["StudyInstanceUid"].clone()).collect();
    assert_eq!(
        studies,
        [without.study_uid(), study(4, "").study_uid()].map(Value::from)
    );
    // What Orthanc has is as it came.
    let kept = queue.get("/studies?expand").ok().json();
    assert!(kept.to_string().contains("\"ACC1\"") && !kept.to_string().contains("RT0000"));
    assert_eq!(queue.log_errors(), Vec::<String>::new());
}

/// Patient ID and accession number of all data sets with these UIDs.
fn received(scp: &FaultScp) -> Vec<(String, Vec<u8>)> {
    let stores = scp.stores().into_iter();
    stores
        .filter_map(|one| Some((one.sop_instance_uid, one.bytes?)))
        .collect()
}

#[test]
fn a_retry_sends_the_same_bytes() {
    let scp = FaultScp::start("PACS");
    scp.keep_bytes(true);
    scp.set_status(0xC000);
    let config = queue::config_for(&[&scp])
        .set("/SendQueue/Defaults/OriginalAttributes", true)
        .set(
            "/SendQueue/Defaults/Retry",
            json!({ "Delay": 0.1, "MaxAttempts": 50, "Multiplier": 1, "OnRejected": true }),
        );
    let mut queue = Queue::start(sites(config));
    let instances = [study(1, "ACC1").instance(1, 1), study(2, "").instance(1, 1)];
    for instance in &instances {
        sent_by(&queue, "CT_A", instance);
    }
    let tried = |times: usize| {
        let all = || {
            instances
                .iter()
                .all(|one| scp.count_of(&one.sop_instance_uid) >= times)
        };
        assert!(poll(all, SOON), "{}", queue.ask("/items"));
    };
    tried(2);
    queue.kill9();
    queue.restart().expect("Orthanc");
    scp.set_status(0);
    queue.wait_for_rest(2);
    for instance in &instances {
        let uid = &instance.sop_instance_uid;
        let of_it = received(&scp).into_iter().filter(|(one, _)| one == uid);
        let bytes: BTreeSet<Vec<u8>> = of_it.map(|(_, bytes)| bytes).collect();
        assert_eq!(bytes.len(), 1, "{uid} was sent otherwise the second time");
        let bytes = bytes.first().expect("one");
        // Both tell what they were.
        assert!(
            bytes
                .windows(8)
                .any(|one| one == [0x00, 0x04, 0x61, 0x05, b'S', b'Q', 0, 0])
        );
        // The pixels are those that were stored.
        let pixels = &instance.bytes[instance.bytes.len() - 1024..];
        assert!(bytes.ends_with(pixels), "pixel data differs");
    }
}

#[test]
fn what_cannot_be_changed_as_asked_is_not_sent() {
    let scp = FaultScp::start("PACS");
    scp.keep_bytes(true);
    let config = queue::config_for(&[&scp]);
    let mut queue = Queue::start(config.clone());
    // Settings that come while it runs.
    queue.rewrite(sites(config));
    let answer = queue.post("/sendqueue/reload", "").ok().json();
    assert_eq!(
        answer["Warnings"].as_array().map(Vec::len),
        Some(1),
        "{answer:#}"
    );
    assert!(
        answer["Warnings"][0]
            .as_str()
            .unwrap()
            .contains("the old one stays there"),
        "{answer:#}"
    );
    let settings = &queue.ask("/destinations/pacs")["Settings"];
    assert_eq!(
        (&settings["Coerce"], &settings["OriginalAttributes"]),
        (&json!("sites"), &json!(false))
    );

    let long = study(1, "123456789012345").instance(1, 1);
    let nobody = study(2, "ACC1").instance(1, 1);
    let fine = study(3, "ACC1").instance(1, 1);
    sent_by(&queue, "CT_A", &long);
    sent_by(&queue, "NOBODY", &nobody);
    sent_by(&queue, "CT_A", &fine);
    queue.wait_for_rest(3);
    let items = queue.by_uid("pacs");
    let of = |instance: &Instance| &items[&instance.sop_instance_uid];
    for (instance, why) in [
        (
            &long,
            "AccessionNumber (0008,0050): it has 17 characters, and SH takes 16 at most",
        ),
        (
            &nobody,
            "{Source}: the instance comes from none of the Sources",
        ),
    ] {
        let item = of(instance);
        assert_eq!(
            (&item["State"], &item["Class"]),
            (&json!("Failure"), &json!("Coercion")),
            "{item:#}"
        );
        assert!(item["Details"].as_str().unwrap().contains(why), "{item:#}");
    }
    assert_eq!(of(&fine)["State"], "Success");
    let sent: Vec<[String; 2]> = received(&scp)
        .iter()
        .map(|(_, bytes)| values(bytes))
        .collect();
    assert_eq!(sent, [["A-MRN7", "ACC1-A"].map(str::to_owned)]);
}

#[test]
fn the_process_ends_between_a_decision_and_what_follows() {
    if std::env::var_os("SENDQUEUE_PLUGIN").is_some() {
        eprintln!("a library given by SENDQUEUE_PLUGIN may be a release, which has no fail points");
        return;
    }
    let scp = FaultScp::start("PACS");
    scp.keep_bytes(true);
    let config = sites(queue::config_for(&[&scp]));
    let point = |point: &str| config.clone().env("SENDQUEUE_FAIL_POINT", point);
    let mut queue = Queue::start(point("decided"));
    let blank = study(1, "").instance(1, 1);
    let _ = queue.try_request("POST", "/instances", &blank.bytes);
    assert!(poll(|| !queue.is_running(), SOON), "it did not end there");
    queue.restart_with(point("numbered")).expect("Orthanc");
    assert!(poll(|| !queue.is_running(), SOON), "it did not end there");
    assert!(
        received(&scp).is_empty(),
        "nothing is sent before it is decided"
    );
    // One that says otherwise comes first in the next process, and goes the way that was decided.
    queue.restart_with(config.clone()).expect("Orthanc");
    queue.store(&study(1, "ACC1").instance(2, 1).bytes);
    queue.wait_for_rest(2);
    for (_, bytes) in received(&scp) {
        assert_eq!(values(&bytes), ["MRN7", "RT00000001"]);
    }
}

/// Numbers that differ from run to run.
fn moment(most: u64) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::from(now.unwrap_or_default().subsec_micros()) % most
}

/// `SENDQUEUE_STUDIES=1000` as `make test-serials` asks for; fewer here.
#[test]
fn one_number_for_each_study_at_both_destinations_whatever_ends_the_process() {
    let count = std::env::var("SENDQUEUE_STUDIES")
        .ok()
        .and_then(|text| text.parse().ok());
    let count: u64 = count.unwrap_or(120);
    let scps = [FaultScp::start("PACS"), FaultScp::start("ARCHIVE")];
    for scp in &scps {
        scp.keep_bytes(true);
    }
    let config =
        queue::config_for(&[&scps[0], &scps[1]]).set("/SendQueue/Defaults/Associations", 4);
    let mut queue = Queue::start(sites(config));
    let instances: Vec<Instance> = (1..=count)
        .map(|seed| study(seed, "").instance(1, 1))
        .collect();
    let kills = 6;
    for (index, part) in instances
        .chunks(instances.len().div_ceil(kills))
        .enumerate()
    {
        queue.store_all(part);
        // Somewhere in what this part makes to do.
        let sent = || {
            scps.iter()
                .map(|scp| scp.counters().answered as u64)
                .sum::<u64>()
        };
        let so_far = 2 * (index * part.len()) as u64;
        let until = so_far.min(sent()) + 1 + moment(part.len() as u64);
        assert!(poll(|| sent() >= until.min(2 * count), SOON));
        queue.kill9();
        queue.restart().expect("Orthanc");
    }
    queue.wait_for_rest(2 * count);
    let mut numbers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scp in &scps {
        assert_eq!(scp.acknowledged_uids().len() as u64, count);
        for (uid, bytes) in received(scp) {
            let [patient, accession] = values(&bytes);
            assert_eq!(patient, "MRN7");
            numbers.entry(uid).or_default().insert(accession);
        }
    }
    assert!(
        numbers.values().all(|all| all.len() == 1),
        "a study has two: {numbers:#?}"
    );
    let all: BTreeSet<&String> = numbers.values().flatten().collect();
    assert_eq!(all.len() as u64, count, "two studies have the same");
    // In the order given, without gaps.
    let expected: BTreeSet<String> = (1..=count).map(|number| format!("RT{number:08}")).collect();
    assert_eq!(all, expected.iter().collect());
}

/// Whether a study comes back can be told only by the identifier that another Orthanc gives it.
#[test]
fn orthancs_identifier_of_a_study_is_computed_as_orthanc_does_it() {
    let queue = Queue::start(queue::config(&[]).set("/SendQueue/Rules", json!([])));
    let ids: [(&str, &[u8]); 9] = [
        ("", b"MRN7"),
        ("", b" MRN 7  "),
        ("", b""),
        ("", b"A\\B"),
        ("ISO_IR 100", b"M\xfcller"),
        ("ISO_IR 192", "Müller日本".as_bytes()),
        ("\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B"),
        ("ISO_IR 144", b"\xbf\xe0\xd8"),
        ("GB18030", b"\xcd\xf5"),
    ];
    for (seed, (charset, id)) in ids.into_iter().enumerate() {
        let instance = Study::new(1, 1)
            .seed(seed as u64 + 100)
            .tag((0x0008, 0x0005), "CS", charset)
            .tag_bytes((0x0010, 0x0020), "LO", id)
            .instance(1, 1);
        let stored = queue.post("/instances", &instance.bytes).ok().json();
        let data = DataSet::parse(&instance.bytes[instance.data_set_offset..], EXPLICIT_VR_LE)
            .expect("a data set");
        let computed = OrthancSendQueue::coercion::study_id(data.root()).expect("an identifier");
        assert_eq!(
            stored["ParentStudy"],
            computed,
            "{charset} {:?}",
            String::from_utf8_lossy(id)
        );
    }
}
