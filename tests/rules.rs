//! The language of rules in a real Orthanc: exceptions, sources, presence, copies that Orthanc makes, and what the
//! rules say when they are asked.

use std::collections::{BTreeMap, BTreeSet};

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, Study};
use serde_json::{Value, json};

const ACCESSION_NUMBER: (u16, u16) = (0x0008, 0x0050);

fn rules() -> Value {
    json!([
        { "Name": "phantoms", "To": ["archive"], "When": { "Source": "Phantoms" }, "Stop": true },
        { "Name": "research", "To": ["research"], "Anonymized": true, "When": { "Tags": { "PatientIdentityRemoved": "present" } } },
        { "Name": "clinical", "To": ["pacs"], "When": { "Tags": { "AccessionNumber": "present" } }, "Unless": { "Tags": { "Modality": ["SR", "OT"] } } },
        { "Name": "originals", "To": ["archive"], "Modified": false, "Unless": { "Source": "Phantoms", "Tags": { "AccessionNumber": "absent" } } },
        { "Name": "no image", "To": ["research"], "When": { "Tags": { "7fe0,0010": "absent" } } },
    ])
}

fn one(seed: u64, modality: &str, accession_number: &str) -> Instance {
    let study = Study::new(1, 1).seed(seed).modality(modality);
    study
        .tag(ACCESSION_NUMBER, "SH", accession_number)
        .build()
        .remove(0)
}

/// Where each instance went, by its Orthanc identifier, once all that came is read.
fn went(queue: &Queue) -> BTreeMap<String, String> {
    let is_read = |queue: &Queue| {
        let last = queue.get("/changes?last").ok().json()["Last"].as_i64();
        queue.ask("")["Cursor"].as_i64() == last
    };
    queue.wait_until(|| is_read(queue), SOON, "all changes are read");
    let mut went: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in queue.items("limit=1000") {
        let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        went.entry(text("Instance"))
            .or_default()
            .insert(text("Destination"));
    }
    let ids = queue.get("/instances").ok().json();
    let ids = ids.as_array().cloned().unwrap_or_default();
    ids.iter()
        .filter_map(|id| id.as_str())
        .map(|id| {
            let to = went.remove(id).unwrap_or_default();
            (id.to_owned(), to.into_iter().collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// What is new since `before`: where it went.
fn new(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> BTreeSet<String> {
    let new = after.iter().filter(|(id, _)| !before.contains_key(*id));
    new.map(|(_, to)| to.clone()).collect()
}

/// The names of the metadata of the copies among these.
fn made_by(
    queue: &Queue,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    key: &str,
) {
    for id in after.keys().filter(|id| !before.contains_key(*id)) {
        let all = queue.get(&format!("/instances/{id}/metadata")).ok().json();
        let all = all.as_array().cloned().unwrap_or_default();
        assert!(all.contains(&json!(key)), "{id}: {all:?}");
    }
}

fn job(queue: &Queue, path: &str, body: &Value) {
    let mut body = body.clone();
    body["Asynchronous"] = json!(true);
    let id = queue.post_json(path, &body).ok().json()["ID"].clone();
    let id = id.as_str().expect("a job").to_owned();
    let state = || queue.get(&format!("/jobs/{id}")).ok().json()["State"].clone();
    queue.wait_until(|| state() == "Success", SOON, "the job is done");
}

fn count(queue: &Queue, rule: &str, key: &str) -> u64 {
    let all = queue.ask("/rules");
    let all = all.as_array().expect("a list");
    let rule = all
        .iter()
        .find(|one| one["Name"] == rule)
        .expect("the rule");
    rule["Counts"][key].as_u64().expect("a count")
}

#[test]
fn what_goes_and_what_does_not_and_why() {
    let names = ["PACS", "ARCHIVE", "RESEARCH"];
    let scps = names.map(FaultScp::start);
    let config = queue::config_for(&[&scps[0], &scps[1], &scps[2]])
        .set(
            "/SendQueue/Sources",
            json!({ "Phantoms": { "CallingAet": "PHANTOM", "Origin": "DicomProtocol" } }),
        )
        .set("/SendQueue/Rules", rules());
    let queue = Queue::start(config);

    // Exceptions, sources, presence.
    let phantom = one(1, "CT", "4711");
    let sent = StoreScu::to("ORTHANC", queue.dicom_port())
        .calling("PHANTOM")
        .send(&[phantom]);
    assert!(sent.expect("storescu").status.success());
    let ct = one(2, "CT", "4712");
    let table = [
        (queue.store(&ct.bytes), "archive pacs"),
        (queue.store(&one(3, "SR", "4713").bytes), "archive"),
        (queue.store(&one(4, "CT", "").bytes), ""),
    ];
    let before = went(&queue);
    for (id, expected) in &table {
        assert_eq!(before[id], *expected, "{id}");
    }
    assert!(
        before.values().filter(|to| *to == "archive").count() == 2,
        "the phantom: {before:?}"
    );
    assert_eq!(count(&queue, "phantoms", "Matched"), 1);
    assert_eq!(count(&queue, "clinical", "Stopped"), 1);
    assert_eq!(count(&queue, "clinical", "Unless"), 1);
    assert_eq!(count(&queue, "originals", "Unless"), 1);
    assert_eq!(count(&queue, "no image", "Matched"), 0);

    // Copies that Orthanc anonymises go to research alone, as a study, as a series, by a job.
    let id = &table[0].0;
    let parent = |level: &str| {
        let parent = queue.get(&format!("/instances/{id}/{level}")).ok().json();
        parent["ID"].as_str().expect("an ID").to_owned()
    };
    let (study, series) = (parent("study"), parent("series"));
    let keep = json!({ "Keep": ["AccessionNumber"] });
    let _ = queue
        .post_json(&format!("/studies/{study}/anonymize"), &keep)
        .ok();
    job(&queue, &format!("/series/{series}/anonymize"), &keep);
    let after = went(&queue);
    assert_eq!(after.len(), before.len() + 2);
    assert_eq!(
        new(&before, &after),
        BTreeSet::from(["research".to_owned()])
    );
    made_by(&queue, &before, &after, "AnonymizedFrom");
    assert_eq!(count(&queue, "clinical", "Anonymized"), 2);
    assert_eq!(count(&queue, "originals", "Anonymized"), 2);
    assert_eq!(
        queue
            .log()
            .matches("a copy that Orthanc has anonymised")
            .count(),
        2,
        "once for each rule"
    );

    // What a person anonymises and stores anew has no note of Orthanc.
    let file = queue
        .post_json(&format!("/instances/{id}/anonymize"), &keep)
        .ok()
        .body;
    let posted = queue.store(&file);
    let before = went(&queue);
    assert_eq!(before[&posted], "archive pacs research");

    // Modified copies, of a study, of a series by a job, and of a split study.
    let change = json!({ "Replace": { "StudyDescription": "Changed" } });
    let _ = queue
        .post_json(&format!("/studies/{study}/modify"), &change)
        .ok();
    let change = json!({ "Replace": { "SeriesDescription": "Changed" } });
    job(&queue, &format!("/series/{series}/modify"), &change);
    let after = went(&queue);
    assert_eq!(after.len(), before.len() + 2);
    assert_eq!(new(&before, &after), BTreeSet::from(["pacs".to_owned()]));
    made_by(&queue, &before, &after, "ModifiedFrom");
    assert_eq!(count(&queue, "originals", "Modified"), 2);

    // A person's wish is not held back.
    let anonymised = after
        .iter()
        .find(|(_, to)| *to == "research")
        .expect("a copy")
        .0;
    let wish = json!({ "Resources": [anonymised], "Destinations": ["pacs"] });
    assert_eq!(queue.tell("/items", &wish)["Enqueued"], 1);

    asked(&queue, id, &study, anonymised, &ct);
    let items = queue.items("limit=1000").len();
    assert_eq!(went(&queue).len(), after.len(), "nothing was stored");
    assert_eq!(queue.items("limit=1000").len(), items, "nothing was queued");
    let metrics = queue.get("/sendqueue/metrics").ok().text();
    let line = "sendqueue_rule_instances_total{rule=\"clinical\",result=\"Anonymized\"} 2";
    assert!(metrics.contains(line), "{metrics}");
}

/// The verdicts of the rules, in short, and where it goes.
fn verdicts(answer: &Value) -> (String, String) {
    let one = &answer["Answers"][0];
    let rules = one["Rules"].as_array().expect("rules").iter();
    let words = rules.map(|rule| match rule["Verdict"].as_str() {
        Some("Matches") => 'y',
        Some("DoesNotMatch") => 'n',
        _ => '?',
    });
    let to = one["Destinations"].as_array().expect("a list").iter();
    let to: Vec<&str> = to.filter_map(Value::as_str).collect();
    (words.collect(), to.join(" "))
}

fn asked(queue: &Queue, id: &str, study: &str, anonymised: &str, ct: &Instance) {
    let ask = |body: Value| queue.tell("/route", &body);
    let said = |words: &str, to: &str| (words.to_owned(), to.to_owned());
    let answer = ask(json!({ "Resource": id }));
    assert_eq!(
        verdicts(&answer),
        said("nnyyn", "pacs archive"),
        "{answer:#}"
    );
    let why = answer["Answers"][0]["Rules"][0]["Why"].as_str();
    assert_eq!(
        why,
        Some("When.Source: it comes from none of them, the rule asks for \"Phantoms\"")
    );
    // By a UID, of a study, as if it came from elsewhere.
    let phantom = json!({ "Resource": ct.sop_instance_uid, "CallingAet": "phantom", "Origin": "DicomProtocol" });
    assert_eq!(verdicts(&ask(phantom)), said("ynnnn", "archive"));
    // With the copy of its series that Orthanc modified, of which something else is said.
    let answer = ask(json!({ "Resource": study }));
    let groups = answer["Answers"].as_array().expect("a list");
    assert_eq!(
        (&answer["Instances"], groups.len()),
        (&json!(2), 2),
        "{answer:#}"
    );
    assert!(
        groups
            .iter()
            .any(|group| group["Example"] == id && group["Instances"] == 1)
    );
    let answer = ask(json!({ "Resource": anonymised }));
    assert_eq!(verdicts(&answer), said("nynnn", "research"), "{answer:#}");
    let patient = queue.get(&format!("/instances/{id}/patient")).ok().json();
    assert_ne!(ask(json!({ "Resource": patient["ID"] }))["Instances"], 0);

    // A file that is stored nowhere.
    let new = one(9, "SR", "9");
    let file = |file: &[u8]| json!({ "File": base64(file), "CallingAet": "CT1" });
    let answer = ask(file(&new.bytes));
    assert_eq!(verdicts(&answer), said("nnnyn", "archive"), "{answer:#}");
    assert_eq!(answer["Answers"][0]["Example"], Value::Null);

    for (body, words) in [
        (json!({}), "either Resource or File"),
        (
            json!({ "Resource": id, "File": "" }),
            "either Resource or File",
        ),
        (json!({ "File": "?" }), "a DICOM file in Base64"),
        (file(b"no DICOM"), "a DICOM file (PS3.10)"),
        (
            json!({ "Resource": id, "Origin": "Dicom" }),
            "one of DicomProtocol",
        ),
        (json!({ "Resource": id, "Aet": "X" }), "Aet"),
    ] {
        let answer = queue.post_json("/sendqueue/route", &body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text().contains(words), "{body}: {}", answer.text());
    }
    for unknown in ["1.2.3", "x", "00000000-00000000-00000000-00000000-00000000"] {
        let answer = queue.post_json("/sendqueue/route", &json!({ "Resource": unknown }));
        assert_eq!(answer.status, 404, "{unknown}: {}", answer.text());
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let three = [
            chunk[0],
            *chunk.get(1).unwrap_or(&0),
            *chunk.get(2).unwrap_or(&0),
        ];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        (0..4).map(move |at| match at <= chunk.len() {
            true => char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]),
            false => '=',
        })
    });
    letters.collect()
}
