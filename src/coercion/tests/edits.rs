use super::*;

fn plain(steps: Value, stored: &[u8]) -> Vec<String> {
    changes(steps, stored, &From::default()).unwrap()
}

#[test]
fn values_are_set_lengthened_replaced_and_removed() {
    let stored = instance(&[
        ("PatientID", "123 "),
        ("AccessionNumber", "A1"),
        ("StudyDescription", "ct Thorax"),
        ("InstitutionAddress", "Here"),
    ]);
    for (steps, expected) in [
        (
            json!({ "Set": { "PatientID": "X" } }),
            vec!["PatientID: 123 -> X"],
        ),
        (
            json!({ "Set": { "StudyID": "7" } }),
            vec!["StudyID: nothing -> 7"],
        ),
        (
            json!({ "Set": { "PatientID": "" } }),
            vec!["PatientID: 123 -> "],
        ),
        (json!({ "Set": { "PatientID": "123" } }), vec![]),
        (
            json!({ "Prefix": { "PatientID": "H-" } }),
            vec!["PatientID: 123 -> H-123"],
        ),
        (json!({ "Prefix": { "PatientID": "12" } }), vec![]),
        (
            json!({ "Suffix": { "AccessionNumber": "-H" } }),
            vec!["AccessionNumber: A1 -> A1-H"],
        ),
        (json!({ "Suffix": { "AccessionNumber": "1" } }), vec![]),
        // Nothing is put before or behind what is not there.
        (
            json!({ "Prefix": { "StudyID": "H" }, "Suffix": { "IssuerOfPatientID": "H" } }),
            vec![],
        ),
        (
            json!({ "Replace": { "StudyDescription": ["(?i)^ct ", "CT-"] } }),
            vec!["StudyDescription: ct Thorax -> CT-Thorax"],
        ),
        (
            json!({ "Replace": { "StudyDescription": ["(\\w+) (?<x>\\w+)", "${x} $1 $$"] } }),
            vec!["StudyDescription: ct Thorax -> Thorax ct $"],
        ),
        (
            json!({ "Replace": { "StudyDescription": ["nothing", "x"], "StudyID": ["^$", "x"] } }),
            vec![],
        ),
        (
            json!({ "Remove": ["InstitutionAddress", "StudyID"] }),
            vec!["InstitutionAddress: Here -> nothing"],
        ),
        (
            json!({ "Remove": ["0010,xxxx"] }),
            vec!["PatientID: 123 -> nothing"],
        ),
    ] {
        assert_eq!(plain(json!([steps]), &stored), expected, "{steps}");
    }
}

#[test]
fn within_a_step_all_is_read_before_anything_is_written() {
    let stored = instance(&[("PatientID", "1"), ("StudyID", "2")]);
    let swap = json!([{ "Set": { "PatientID": "{StudyID}", "StudyID": "{PatientID}" } }]);
    assert_eq!(
        plain(swap, &stored),
        ["PatientID: 1 -> 2", "StudyID: 2 -> 1"]
    );
    // And the next step reads what this one has written.
    let twice = json!([
        { "Set": { "PatientID": "{StudyID}" } },
        { "Set": { "StudyID": "{PatientID}{PatientID}" } },
    ]);
    assert_eq!(
        plain(twice, &stored),
        ["PatientID: 1 -> 2", "StudyID: 2 -> 22"]
    );
    // In one step: Set, then Prefix, then Suffix.
    let all = json!([{ "Suffix": { "StudyID": ">" }, "Set": { "StudyID": "x" }, "Prefix": { "StudyID": "<" } }]);
    assert_eq!(plain(all, &stored), ["StudyID: 2 -> <x>"]);
}

/// As docs/coercion.md tells it.
#[test]
fn a_long_value_is_cut_before_the_suffix_and_only_if_that_is_asked_for() {
    let recipe = json!([{
        "Replace": { "AccessionNumber": ["^(.{14}).+$", "$1"] },
        "Suffix": { "AccessionNumber": "-B" },
    }]);
    for (before, after) in [
        ("123456789012345", "12345678901234-B"),
        ("12345678901234", "12345678901234-B"),
        ("1", "1-B"),
    ] {
        let stored = instance(&[("AccessionNumber", before)]);
        let expected = format!("AccessionNumber: {before} -> {after}");
        assert_eq!(plain(recipe.clone(), &stored), [expected]);
    }
    let end = json!([{ "Replace": { "AccessionNumber": ["^.+(.{14})$", "$1"] } }]);
    let stored = instance(&[("AccessionNumber", "1234567890123456")]);
    let expected = "AccessionNumber: 1234567890123456 -> 34567890123456";
    assert_eq!(plain(end, &stored), [expected]);
    let suffix = || json!([{ "Suffix": { "AccessionNumber": "-B" } }]);
    let why = why_not(suffix(), &stored, &From::default());
    assert!(why.contains("AccessionNumber"), "{why}");
    // Text around braces stays, and a suffix has nothing to stand behind.
    let set = json!([{ "Set": { "AccessionNumber": "{AccessionNumber}-B" } }]);
    let empty = instance(&[("PatientID", "1")]);
    assert_eq!(plain(set, &empty), ["AccessionNumber: nothing -> -B"]);
    assert!(plain(suffix(), &empty).is_empty());
    // In a template stands what was before the step, whatever Replace and Set of the step make.
    let both = json!([{ "Set": { "StudyID": "7" }, "Suffix": { "StudyID": "{StudyID}" } }]);
    let stored = instance(&[("StudyID", "2")]);
    assert_eq!(plain(both, &stored), ["StudyID: 2 -> 72"]);
}

#[test]
fn what_is_changed_there_and_back_is_sent_as_it_is() {
    let stored = instance(&[("PatientID", "1")]);
    let steps = json!([
        { "Prefix": { "PatientID": "A" } },
        { "Replace": { "PatientID": ["^A", ""] } },
    ]);
    assert!(plain(steps, &stored).is_empty());
}

#[test]
fn each_of_several_values_is_lengthened() {
    let stored = instance(&[("OtherPatientIDs", "1\\A-2\\\\3")]);
    let steps = json!([{ "Prefix": { "OtherPatientIDs": "A-" } }]);
    let expected = ["OtherPatientIDs: 1\\A-2\\\\3 -> A-1\\A-2\\\\A-3"];
    assert_eq!(plain(steps, &stored), expected);
    // A text of one paragraph has no several values.
    let stored = instance(&[("AdditionalPatientHistory", "a\\b")]);
    let steps = json!([{ "Suffix": { "AdditionalPatientHistory": "!" } }]);
    assert_eq!(
        plain(steps, &stored),
        ["AdditionalPatientHistory: a\\b -> a\\b!"]
    );
}

fn nested() -> Vec<u8> {
    data_set(|root| {
        root.set(Tag::STUDY_INSTANCE_UID, Vr::UI, b"1.2.3".to_vec());
        let item = |accession: Option<&str>| {
            let mut item = Elements::new();
            if let Some(accession) = accession {
                item.set(Tag::ACCESSION_NUMBER, Vr::SH, accession.into());
            }
            item.set(Tag(0x0009, 0x1001), Vr::LO, b"private".to_vec());
            item
        };
        root.set(Tag(0x0009, 0x0010), Vr::LO, b"OWNER".to_vec());
        root.set_items(REQUEST, vec![item(Some("1")), item(None), item(Some("2"))]);
        let mut signed = Elements::new();
        signed.set(Tag(0x0400, 0x0100), Vr::UI, b"1.2".to_vec());
        root.set_items(Tag::DIGITAL_SIGNATURES_SEQUENCE, vec![signed]);
    })
}

#[test]
fn items_are_reached_by_number_and_all_of_them() {
    let stored = nested();
    let of = |steps: Value| {
        let mut found = plain(json!([steps]), &stored);
        // Signatures go with any change.
        if !found.is_empty() {
            let signature = found.pop().unwrap();
            assert!(
                signature.starts_with("DigitalSignaturesSequence: (1 item) -> nothing"),
                "{signature}"
            );
        }
        found
    };
    let at = |item: u32| format!("RequestAttributesSequence[{item}].AccessionNumber");
    assert_eq!(
        of(json!({ "Suffix": { "RequestAttributesSequence[*].AccessionNumber": "X" } })),
        [format!("{}: 1 -> 1X", at(0)), format!("{}: 2 -> 2X", at(2))]
    );
    assert_eq!(
        of(json!({ "Set": { "RequestAttributesSequence[1].AccessionNumber": "X" } })),
        [format!("{}: nothing -> X", at(1))]
    );
    assert_eq!(
        of(json!({ "Remove": ["0040,0275[2].AccessionNumber"] })),
        [format!("{}: 2 -> nothing", at(2))]
    );
    assert_eq!(
        of(json!({ "Set": { "StudyID": "{RequestAttributesSequence[2].AccessionNumber}" } })),
        ["StudyID: nothing -> 2"]
    );
    // One more is made, but none is left out.
    assert_eq!(
        of(json!({ "Set": { "RequestAttributesSequence[3].AccessionNumber": "X" } })),
        ["RequestAttributesSequence[3]: nothing -> (an item of 1 elements)"]
    );
    assert_eq!(
        of(json!({ "Set": { "ReferencedRequestSequence[0].AccessionNumber": "X" } })),
        ["ReferencedRequestSequence: nothing -> (1 item)"]
    );
    let steps = json!([{ "Set": { "RequestAttributesSequence[5].AccessionNumber": "X" } }]);
    let why = why_not(steps, &stored, &From::default());
    assert!(why.contains("there is no item 5"), "{why}");
    // What is asked for in items that are not there is nowhere.
    assert!(
        of(json!({ "Suffix": { "RequestAttributesSequence[7].AccessionNumber": "X" } })).is_empty()
    );
    assert!(
        of(json!({ "Set": { "ReferencedRequestSequence[*].AccessionNumber": "X" } })).is_empty()
    );
}

#[test]
fn private_elements_go_at_every_level() {
    let found = plain(json!([{ "Remove": ["private"] }]), &nested());
    assert_eq!(
        found,
        [
            "0009,0010: OWNER -> nothing",
            "RequestAttributesSequence[0].0009,1001: private -> nothing",
            "RequestAttributesSequence[1].0009,1001: private -> nothing",
            "RequestAttributesSequence[2].0009,1001: private -> nothing",
            "DigitalSignaturesSequence: (1 item) -> nothing",
        ]
    );
}

#[test]
fn what_does_not_fit_is_told_with_its_tag_and_nothing_is_cut() {
    let stored = instance(&[("PatientID", "123"), ("AccessionNumber", "123456789012345")]);
    let why = |steps: Value| why_not(json!([steps]), &stored, &From::default());
    assert_eq!(
        why(json!({ "Suffix": { "AccessionNumber": "-A" } })),
        "AccessionNumber (0008,0050): it has 17 characters, and SH takes 16 at most"
    );
    assert_eq!(
        why(json!({ "Set": { "StudyID": "{AccessionNumber}{PatientID}" } })),
        "StudyID (0020,0010): it has 18 characters, and SH takes 16 at most"
    );
    let found = why(json!({ "Set": { "StudyDate": "{PatientID}" } }));
    assert!(
        found.contains("StudyDate (0008,0020)") && found.contains("YYYYMMDD"),
        "{found}"
    );
    let found = why(json!({ "Set": { "StudyDescription": "Größe" } }));
    assert!(
        found.contains("StudyDescription (0008,1030)") && found.contains("has no \"ö\""),
        "{found}"
    );
    let stored = instance(&[("StudyComments", "a\\b")]);
    let found = why_not(
        json!([{ "Set": { "PatientID": "{StudyComments}" } }]),
        &stored,
        &From::default(),
    );
    assert!(
        found.contains("it would have 2 values, and 1 is the most"),
        "{found}"
    );
}

#[test]
fn text_is_read_and_written_in_the_instances_own_character_set() {
    let latin1 = b"M\xfcller".to_vec();
    let kanji = b"\x1b$B;3ED\x1b(B".to_vec();
    for (set, bytes, added, expected) in [
        (
            "ISO_IR 100",
            latin1,
            "{PatientName}ß",
            b"M\xfcller\xdf".to_vec(),
        ),
        (
            "ISO_IR 192",
            "Müller".into(),
            "{PatientName}日本",
            "Müller日本".into(),
        ),
        (
            "\\ISO 2022 IR 87",
            kanji,
            "{PatientName}日本",
            b"\x1b$B;3EDF|K\\\x1b(B".to_vec(),
        ),
    ] {
        let stored = data_set(|root| {
            root.set(Tag::SPECIFIC_CHARACTER_SET, Vr::CS, set.into());
            root.set(Tag::PATIENT_NAME, Vr::PN, bytes);
        });
        let recipe = recipe(json!([{ "Set": { "StudyDescription": added } }]));
        let mut data = DataSet::parse(&stored, EXPLICIT).unwrap();
        let item = item(1);
        let from = From::default();
        let about = About::new(&item, &recipe.sources, &from);
        apply(&recipe, &mut data, &about, &Notes::default()).unwrap();
        let found = data
            .root()
            .get(Tag(0x0008, 0x1030))
            .unwrap()
            .bytes()
            .unwrap();
        assert_eq!(found.trim_ascii_end(), expected, "{set}");
    }
    // What a character set does not have, and what is not known, is told.
    let stored = instance(&[("SpecificCharacterSet", "ISO_IR 100"), ("PatientID", "1")]);
    let why = why_not(
        json!([{ "Suffix": { "PatientID": "日" } }]),
        &stored,
        &From::default(),
    );
    assert!(
        why.contains("PatientID (0010,0020)") && why.contains("ISO_IR 100, has no \"日\""),
        "{why}"
    );
    let stored = instance(&[("SpecificCharacterSet", "ISO_IR 999"), ("PatientID", "1")]);
    let why = why_not(
        json!([{ "Suffix": { "PatientID": "Ä" } }]),
        &stored,
        &From::default(),
    );
    assert!(why.contains("ISO_IR 999"), "{why}");
    // In an item with a character set of its own.
    let stored = data_set(|root| {
        let mut item = Elements::new();
        item.set(Tag::SPECIFIC_CHARACTER_SET, Vr::CS, b"ISO_IR 192".to_vec());
        item.set(Tag(0x0040, 0x0007), Vr::LO, "Größe".into());
        root.set_items(REQUEST, vec![item]);
    });
    let steps = json!([{ "Suffix": { "RequestAttributesSequence[0].ScheduledProcedureStepDescription": "ß" } }]);
    let expected =
        ["RequestAttributesSequence[0].ScheduledProcedureStepDescription: Größe -> Größeß"];
    assert_eq!(plain(steps, &stored), expected);
}

/// What has nothing to do with the character set, and plain ASCII, can be changed whatever that is.
#[test]
fn a_character_set_that_is_not_known_stands_in_the_way_of_other_text_only() {
    let stored = |id: &[u8]| {
        data_set(|root| {
            root.set(
                Tag::SPECIFIC_CHARACTER_SET,
                Vr::CS,
                b"ISO_IR 100\\ISO_IR 192".to_vec(),
            );
            root.set(Tag(0x0008, 0x0081), Vr::ST, b"Street".to_vec());
            root.set(Tag::PATIENT_ID, Vr::LO, id.to_vec());
        })
    };
    let remove = json!([{ "Remove": ["InstitutionAddress"] }]);
    let prefix = json!([{ "Prefix": { "PatientID": "A-" } }]);
    changes(remove, &stored(b"1"), &From::default()).unwrap();
    changes(prefix.clone(), &stored(b"1"), &From::default()).unwrap();
    let why = changes(prefix, &stored(b"\xFC"), &From::default()).unwrap_err();
    assert!(
        matches!(&why, NotChanged::Impossible(why) if why.contains("not known")),
        "{why:?}"
    );
}
