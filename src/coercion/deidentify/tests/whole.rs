//! `Set`, `Lookup` and the list: what is written when the patient is gone.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::*;
use crate::coercion::deidentify::list::{List, Row};
use crate::coercion::tests::{EXPLICIT, From, Notes, instance, item, whole};
use crate::coercion::{About, deidentify::deidentify};
use crate::config::load;
use crate::item::{Class, Outcome};
use crate::store::{self, Subject};

const LIST: &str = "IssuerOfPatientID,PatientID,Subject,Arm\nA,1,T-001,left\n";

/// The entry of these keys, beside a key and a list in the folder.
fn configured(folder: &std::path::Path, keys: &Value) -> Arc<Deidentification> {
    fs::write(folder.join("trial.key"), "0123456789abcdef").unwrap();
    let list = folder.join("subjects.csv");
    fs::write(&list, LIST).unwrap();
    long_ago(&list, 60);
    let mut entry = json!({ "Profile": "Basic", "KeyFile": "trial.key" });
    for (key, value) in keys.as_object().unwrap() {
        entry[key] = value.clone();
    }
    let configuration = json!({ "SendQueue": {
        "Sources": { "A": { "CallingAet": "CT_A" } },
        "Deidentifications": { "trial": entry } } });
    let settings = load(&configuration, &|_| None, Some(folder)).unwrap();
    settings.deidentifications["trial"].clone()
}

/// Nobody writes on it any more.
fn long_ago(file: &std::path::Path, seconds: u64) {
    let then = SystemTime::now() - Duration::from_secs(seconds);
    let file = fs::File::options().append(true).open(file).unwrap();
    file.set_modified(then).unwrap();
}

fn sent(
    entry: &Deidentification,
    row: Option<&Row>,
    from: &From,
    stored: &[u8],
) -> Result<Vec<u8>, NotChanged> {
    let mut data = DataSet::parse(stored, EXPLICIT)?;
    let item = item(1);
    let about = About::new(&item, &entry.sources, from);
    let secret = Secret::new(&entry.key);
    deidentify(entry, &secret, row, &mut data, &about, &Notes::default())?;
    Ok(whole(stored, data.encode()?))
}

fn texts(sent: &[u8], tags: &[Tag]) -> Vec<String> {
    let data = DataSet::parse(sent, EXPLICIT).unwrap();
    let one = |tag: &Tag| value(data.root(), *tag).unwrap_or_default();
    tags.iter().map(one).collect()
}

#[test]
fn what_is_set_is_read_from_the_stored_instance_and_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let keys = json!({
        "Lookup": { "File": "subjects.csv", "Key": ["IssuerOfPatientID", "PatientID"] },
        "Set": { "PatientID": "{lookup}", "PatientName": "{lookup:Arm}^{StudyDescription:slice(0,3)}",
                 "PatientComments": "{hash:PatientID,12}" },
    });
    let entry = configured(folder.path(), &keys);
    let row = Row(vec![
        ("Subject".into(), "T-001".into()),
        ("Arm".into(), "left".into()),
    ]);
    let stored = |issuer: &str, id: &str| {
        instance(&[
            ("SOPClassUID", CT),
            ("SOPInstanceUID", UID),
            ("StudyDescription", "CT HIDDEN"),
            ("PatientName", NAME),
            ("PatientID", id),
            ("IssuerOfPatientID", issuer),
        ])
    };
    let tags = [Tag::PATIENT_ID, Tag::PATIENT_NAME, Tag(0x0010, 0x4000)];
    let of = |issuer: &str, id: &str| {
        let sent = sent(&entry, Some(&row), &From::default(), &stored(issuer, id)).unwrap();
        assert!(!sent.windows(6).any(|one| one == b"HIDDEN"));
        texts(&sent, &tags)
    };
    let found = of("A", "1");
    assert_eq!(found[..2], ["T-001", "left^CT"]);
    // The hash is of the key, of whose the number is, and of the number.
    assert_eq!(found[2].len(), 12);
    assert_eq!(of("A", "1")[2], found[2]);
    assert_ne!(of("B", "1")[2], found[2]);
    assert_ne!(of("A", "2")[2], found[2]);
}

#[test]
fn where_it_comes_from_is_asked_for_only_where_it_matters() {
    let folder = tempfile::tempdir().unwrap();
    let entry = configured(folder.path(), &json!({}));
    let shifts = configured(folder.path(), &json!({ "Dates": "Shift" }));
    let with = |issuer: &str| {
        instance(&[
            ("SOPClassUID", CT),
            ("SOPInstanceUID", UID),
            ("StudyDate", "20240301"),
            ("PatientID", "1"),
            ("IssuerOfPatientID", issuer),
        ])
    };
    let (stranger, known) = (From::aet("OTHER"), From::aet("CT_A"));
    assert!(sent(&entry, None, &stranger, &with("")).is_ok());
    assert_eq!(stranger.asked.get(), 0);
    assert!(sent(&shifts, None, &stranger, &with("A")).is_ok());
    assert_eq!(stranger.asked.get(), 0);
    // By nobody's number dates are not shifted.
    let refused = sent(&shifts, None, &stranger, &with(""));
    assert!(
        matches!(refused, Err(NotChanged::Impossible(_))),
        "{refused:?}"
    );
    let day = |sent: &[u8]| texts(sent, &[Tag(0x0008, 0x0020)]);
    let by_source = sent(&shifts, None, &known, &with("")).unwrap();
    let by_issuer = sent(&shifts, None, &known, &with("A")).unwrap();
    // The source has the issuer's name.
    assert_eq!(day(&by_source), day(&by_issuer));
    let other = sent(&shifts, None, &known, &with("B")).unwrap();
    assert_ne!(day(&by_source), day(&other));
}

/// What people added.
struct Added(Vec<Subject>);

impl store::Subjects for Added {
    fn subject(&self, list: &str, key: &[String]) -> store::Result<Option<Vec<(String, String)>>> {
        assert_eq!(list, "trial");
        let found = self.0.iter().find(|one| one.key == key);
        Ok(found.map(|one| one.values.clone()))
    }

    fn add_subjects(&self, _: &str, _: &[Subject]) -> store::Result<u64> {
        unreachable!("who looks adds nobody")
    }

    fn remove_subject(&self, _: &str, _: &[String]) -> store::Result<bool> {
        unreachable!("who looks removes nobody")
    }

    fn subjects(&self, _: &str, _: u64, _: u32) -> store::Result<Vec<(u64, Subject)>> {
        unreachable!("who looks asks for one")
    }
}

#[test]
fn a_list_is_as_the_file_is_and_who_is_unknown_waits() {
    let folder = tempfile::tempdir().unwrap();
    let keys =
        json!({ "Lookup": { "File": "subjects.csv", "Key": ["IssuerOfPatientID", "PatientID"] } });
    let entry = configured(folder.path(), &keys);
    let list = List::new("trial", entry.lookup.as_ref().unwrap());
    let file = folder.path().join("subjects.csv");
    let nobody = Added(Vec::new());
    let key = |id: &str| ["A".to_owned(), id.to_owned()];
    let subject = |id: &str, added: &Added| match list.find(&key(id), added) {
        Ok(row) => row.value(None).unwrap_or_default().to_owned(),
        Err(NotChanged::Outcome(Outcome {
            class,
            waits,
            details,
            ..
        })) => {
            assert_eq!((class, waits), (Class::Coercion, true));
            assert!(
                !details.contains("\"A\"") && !details.contains("T-00"),
                "{details}"
            );
            format!("waits: {details}")
        }
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(subject("1", &nobody), "T-001");
    assert!(subject("2", &nobody).contains("does not know this subject"));
    let added = Added(vec![Subject {
        key: key("2").to_vec(),
        values: vec![("Subject".into(), "T-002".into())],
    }]);
    assert_eq!(subject("2", &added), "T-002");
    // Corrected: nobody is sent under the old name, and nobody before the file is through.
    fs::write(&file, LIST.replace("T-001", "T-101")).unwrap();
    assert!(subject("1", &nobody).contains("being written"));
    long_ago(&file, 30);
    assert_eq!(subject("1", &nobody), "T-101");
    // Wrong, then gone: who was known waits; who was added by REST does not.
    fs::write(&file, format!("{LIST}A,1,T-009,right\n")).unwrap();
    long_ago(&file, 20);
    assert!(subject("1", &nobody).contains("line 3 has the same key as line 2"));
    fs::remove_file(&file).unwrap();
    assert!(subject("1", &nobody).contains("cannot be used"));
    assert_eq!(subject("2", &added), "T-002");
}
