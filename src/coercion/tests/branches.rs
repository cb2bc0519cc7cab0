//! `If`, `Else`, and what is decided once.

use super::*;

/// The forum's sentence.
pub fn sites() -> Value {
    json!([
        { "If": { "AccessionNumber": "absent" },
          "Set": { "AccessionNumber": "{serial:accessions,8}" },
          "Else": [ { "Prefix": { "PatientID": "{Source}-" }, "Suffix": { "AccessionNumber": "{Source}" } } ] }
    ])
}

#[test]
fn one_branch_or_the_other() {
    let from = From::aet("CT_A");
    let with = instance(&[("PatientID", "1"), ("AccessionNumber", "77")]);
    assert_eq!(
        changes(sites(), &with, &from).unwrap(),
        ["AccessionNumber: 77 -> 77A", "PatientID: 1 -> A-1"]
    );
    for without in [
        instance(&[("PatientID", "1")]),
        instance(&[("PatientID", "1"), ("AccessionNumber", "")]),
        instance(&[("PatientID", "1"), ("AccessionNumber", "  ")]),
    ] {
        let found = changes(sites(), &without, &from).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("-> RT00000007"), "{found:?}");
    }
}

/// As docs/coercion.md tells it: no real accession number is overwritten, and the report leaves the images' patient.
#[test]
fn with_the_scope_instance_each_instance_goes_its_own_way() {
    let mut steps = sites();
    steps[0]["Scope"] = json!("Instance");
    let (recipe, notes, from) = (recipe(steps), Notes::default(), From::aet("CT_A"));
    let after = |stored: &[u8]| {
        let found = changed_by(&recipe, stored, &from, &notes).unwrap();
        let said = found.into_iter().map(|one| (one.path, one.after));
        said.map(|(path, after)| format!("{path}: {}", after.unwrap_or_default()))
            .collect::<Vec<String>>()
    };
    let report = instance(&[("PatientID", "1")]);
    let image = instance(&[("PatientID", "1"), ("AccessionNumber", "77")]);
    assert_eq!(after(&report), ["AccessionNumber: RT00000007"]);
    assert_eq!(after(&image), ["AccessionNumber: 77A", "PatientID: A-1"]);
}

#[test]
fn a_study_goes_the_way_of_its_first_instance() {
    let from = From::aet("CT_A");
    let with = instance(&[("PatientID", "1"), ("AccessionNumber", "77")]);
    let without = instance(&[("PatientID", "1")]);
    let recipe = recipe(sites());
    let paths = |stored: &[u8], notes: &Notes| {
        let found = changed_by(&recipe, stored, &from, notes).unwrap();
        let paths = found.into_iter().map(|one| one.path);
        paths.collect::<Vec<String>>()
    };
    let notes = Notes::default();
    assert_eq!(paths(&with, &notes), ["AccessionNumber", "PatientID"]);
    // A dose report without an accession number, from somewhere else.
    from.set(Some("DOSE"), None);
    assert_eq!(paths(&without, &notes), ["PatientID"]);
    assert_eq!(notes.numbers.get(), 0, "no number is given");
    let asked = from.asked.get();
    paths(&without, &notes);
    assert_eq!(from.asked.get(), asked, "what is decided is not asked for");
    let notes = Notes::default();
    assert_eq!(paths(&without, &notes), ["AccessionNumber"]);
    let found = changed_by(&recipe, &with, &from, &notes).unwrap();
    assert_eq!(found[0].after.as_deref(), Some("RT00000007"));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_step_with_the_scope_of_an_instance_decides_anew() {
    let recipe = recipe(json!([
        { "If": { "Modality": "CT" }, "Scope": "Instance", "Set": { "StudyID": "CT" }, "Else": [ { "Set": { "StudyID": "OTHER" } } ] }
    ]));
    let notes = Notes::default();
    let from = From::default();
    for (modality, expected) in [("CT", "CT"), ("SR", "OTHER"), ("CT", "CT")] {
        let stored = instance(&[("Modality", modality)]);
        let found = changed_by(&recipe, &stored, &from, &notes).unwrap();
        assert_eq!(found[0].after.as_deref(), Some(expected));
    }
    assert!(notes.decided.borrow().is_empty());
}

#[test]
fn conditions_that_say_the_same_are_decided_apart() {
    let recipe = recipe(json!([
        { "If": { "StudyID": "absent" }, "Set": { "StudyID": "1" } },
        { "If": { "StudyID": "absent" }, "Set": { "StudyComments": "still" }, "Else": [ { "Set": { "StudyComments": "no more" } } ] },
    ]));
    let notes = Notes::default();
    let found = changed_by(&recipe, &instance(&[]), &From::default(), &notes).unwrap();
    assert_eq!(found[1].after.as_deref(), Some("no more"));
    assert_eq!(notes.decided.borrow().len(), 2);
}

#[test]
fn what_cannot_be_decided_is_told() {
    let stored = data_set(|root| root.set(Tag(0x0009, 0x1001), Vr::UN, vec![0, 1, 2, 3]));
    let steps = || json!([{ "If": { "0009,1001": "x" }, "Set": { "StudyID": "1" } }]);
    let why = why_not(steps(), &stored, &From::default());
    assert!(
        why.starts_with("If.0009,1001: 0009,1001 cannot be read: it is binary"),
        "{why}"
    );
    let present = json!([{ "If": { "0009,1001": "present" }, "Set": { "StudyID": "1" } }]);
    assert_eq!(
        changes(present, &stored, &From::default()).unwrap().len(),
        1
    );
    let absent = json!([{ "If": { "0009,1009": "absent", "Tags": { "Modality": "absent" } }, "Set": { "StudyID": "1" } }]);
    assert_eq!(changes(absent, &stored, &From::default()).unwrap().len(), 1);
    // Another condition that does not hold decides.
    let both = json!([{ "If": { "0009,1001": "x", "Modality": "CT" }, "Set": { "StudyID": "1" } }]);
    assert!(changes(both, &stored, &From::default()).unwrap().is_empty());
}

#[test]
fn a_sequence_is_present_if_it_has_an_item() {
    let stored = data_set(|root| {
        root.set_items(REQUEST, Vec::new());
        root.set_items(Tag(0x0040, 0xA370), vec![Elements::new()]);
    });
    for (tag, asked, holds) in [
        ("RequestAttributesSequence", "present", false),
        ("RequestAttributesSequence", "absent", true),
        ("ReferencedRequestSequence", "present", true),
    ] {
        let steps = json!([{ "If": { (tag): asked }, "Set": { "StudyID": "1" } }]);
        let found = changes(steps, &stored, &From::default()).unwrap();
        assert_eq!(!found.is_empty(), holds, "{tag} {asked}");
    }
}
