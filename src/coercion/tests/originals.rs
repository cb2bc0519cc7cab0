//! Original Attributes Sequence (PS3.3 C.12.1.1.9.2).

use super::super::{Modified, add_original_attributes, study_id};
use super::*;

fn with_originals(steps: Value, stored: &[u8]) -> Vec<u8> {
    let recipe = recipe(steps);
    let mut data = DataSet::parse(stored, EXPLICIT).unwrap();
    let item = item(1);
    let from = From::aet("CT_A");
    let about = About::new(&item, &recipe.sources, &from);
    let changes = apply(&recipe, &mut data, &about, &Notes::default()).unwrap();
    let modified = Modified {
        at: item.created,
        by: "ORTHANC",
        source: "CT_A",
    };
    add_original_attributes(data.root_mut(), &changes, modified).unwrap();
    whole(stored, data.encode().unwrap())
}

fn text<'a>(item: &'a Elements<'_>, tag: Tag) -> &'a str {
    let bytes = item.get(tag).unwrap().bytes().unwrap();
    std::str::from_utf8(bytes).unwrap().trim_end()
}

#[test]
fn what_was_there_is_told() {
    let stored = data_set(|root| {
        root.set(Tag::STUDY_INSTANCE_UID, Vr::UI, b"1.2.3".to_vec());
        root.set(Tag::PATIENT_ID, Vr::LO, b"1".to_vec());
        root.set(Tag::ACCESSION_NUMBER, Vr::SH, Vec::new());
        let mut request = Elements::new();
        request.set(Tag::ACCESSION_NUMBER, Vr::SH, b"9".to_vec());
        request.set(Tag(0x0040, 0x0009), Vr::SH, b"STEP".to_vec());
        root.set_items(REQUEST, vec![request]);
        let mut earlier = Elements::new();
        earlier.set(Tag(0x0400, 0x0565), Vr::CS, b"CORRECT".to_vec());
        root.set_items(Tag::ORIGINAL_ATTRIBUTES_SEQUENCE, vec![earlier]);
    });
    let steps = json!([
        { "Set": { "AccessionNumber": "77", "StudyID": "new", "StudyInstanceUIDs": "" } },
    ]);
    let mut steps = steps;
    steps[0]["Set"]
        .as_object_mut()
        .unwrap()
        .remove("StudyInstanceUIDs");
    steps[0]["Prefix"] = json!({ "PatientID": "A-" });
    steps[0]["Suffix"] = json!({ "RequestAttributesSequence[*].AccessionNumber": "A" });
    let sent = with_originals(steps.clone(), &stored);
    assert_eq!(
        sent,
        with_originals(steps, &stored),
        "the same bytes each time"
    );
    let data = DataSet::parse(&sent, EXPLICIT).unwrap();
    let all = data.root().get(Tag::ORIGINAL_ATTRIBUTES_SEQUENCE).unwrap();
    let [earlier, item] = all.items().unwrap().unwrap() else {
        panic!("two items");
    };
    assert_eq!(text(earlier, Tag(0x0400, 0x0565)), "CORRECT");
    assert_eq!(text(item, Tag(0x0400, 0x0565)), "COERCE");
    assert_eq!(text(item, Tag(0x0400, 0x0564)), "CT_A");
    assert_eq!(text(item, Tag(0x0400, 0x0563)), "ORTHANC");
    assert_eq!(
        text(item, Tag(0x0400, 0x0562)),
        "20231114221320.123456+0000"
    );
    let previous = item.get(Tag(0x0400, 0x0550)).unwrap();
    let [previous] = previous.items().unwrap().unwrap() else {
        panic!("exactly one item");
    };
    assert_eq!(text(previous, Tag::PATIENT_ID), "1");
    assert_eq!(text(previous, Tag::ACCESSION_NUMBER), "");
    assert_eq!(text(previous, Tag(0x0020, 0x0010)), "", "it was not there");
    // The whole of a sequence in which something was changed.
    let [request] = previous.get(REQUEST).unwrap().items().unwrap().unwrap() else {
        panic!("one item");
    };
    assert_eq!(text(request, Tag::ACCESSION_NUMBER), "9");
    assert_eq!(text(request, Tag(0x0040, 0x0009)), "STEP");
    assert_eq!(previous.len(), 4, "and nothing else");
}

/// SHA-1 as Orthanc makes it, computed elsewhere: `printf '12345|1.2.3' | sha1sum`.
#[test]
fn the_study_has_orthancs_identifier() {
    let id = |texts: &[(&str, &str)]| {
        let stored = instance(texts);
        study_id(DataSet::parse(&stored, EXPLICIT).unwrap().root()).unwrap()
    };
    let plain = id(&[("PatientID", "12345")]);
    assert_eq!(plain, id(&[("PatientID", "12345  ")]));
    assert_eq!(plain, ID);
    assert_eq!(id(&[]), id(&[("PatientID", "")]));
    assert_ne!(id(&[]), plain);
}

const ID: &str = "89ec6378-dd54857e-a1581506-9ae2f179-533111e7";
