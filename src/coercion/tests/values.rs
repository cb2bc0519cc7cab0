use super::*;

fn set(template: &str, stored: &[u8], from: &From) -> Result<String, NotChanged> {
    let steps = json!([{ "Set": { "StudyComments": template } }]);
    let found = changes(steps, stored, from)?;
    let text = found
        .first()
        .map(|one| one.replace("StudyComments: nothing -> ", ""));
    Ok(text.unwrap_or_default())
}

#[test]
fn templates_have_values_of_the_instance() {
    let stored = data_set(|root| {
        root.set(Tag::PATIENT_ID, Vr::LO, b" ab123 ".to_vec());
        root.set(Tag(0x0028, 0x0010), Vr::US, 512_u16.to_le_bytes().to_vec());
        root.set(Tag(0x0009, 0x1001), Vr::UN, b"text".to_vec());
        root.set(Tag(0x0009, 0x1002), Vr::UN, vec![1, 2, 3, 4]);
    });
    let from = From::default();
    for (template, expected) in [
        ("<{PatientID}>", "<ab123>"),
        ("{PatientID:slice(0,3):upper}{{}}", "AB1{}"),
        ("{PatientID:slice(-2):pad(5,0)}", "00023"),
        ("{StudyID}{StudyID:pad(5,0)}.", "."),
        ("{Rows}", "512"),
        ("{0009,1001:upper}", "TEXT"),
        ("{serial:accessions,8}", "RT00000007"),
        ("{CalledAet:lower}", "orthanc"),
    ] {
        from.set(Some("CT_A"), None);
        assert_eq!(
            set(template, &stored, &from),
            Ok(expected.to_owned()),
            "{template}"
        );
    }
    let found = set("{0009,1002}", &stored, &from);
    assert!(
        matches!(&found, Err(NotChanged::Impossible(why)) if why.contains("(0009,1002): it is binary")),
        "{found:?}"
    );
}

#[test]
fn the_same_number_of_two_hospitals_is_of_two_people() {
    let hash =
        |stored: &[u8], aet: &str| set("{hash:PatientID,12}", stored, &From::aet(aet)).unwrap();
    let stored = instance(&[("PatientID", "12345")]);
    let of_a = hash(&stored, "CT_A");
    assert_eq!(of_a.len(), 12);
    assert!(
        of_a.chars()
            .all(|c| c.is_ascii_hexdigit() && !c.is_ascii_lowercase())
    );
    assert_eq!(
        of_a,
        hash(&stored, "MR_A"),
        "another machine of the same source"
    );
    let from = From::default();
    from.set(Some("X"), Some("10.2.0.9"));
    assert_ne!(of_a, set("{hash:PatientID,12}", &stored, &from).unwrap());
    // One that is named stands for itself, wherever it comes from.
    let named = instance(&[("PatientID", "12345"), ("IssuerOfPatientID", "NHS")]);
    assert_eq!(hash(&named, "CT_A"), hash(&named, "nobody"));
    assert_ne!(hash(&named, "CT_A"), of_a);
    let shifted = instance(&[("PatientID", "S12345"), ("IssuerOfPatientID", "NH")]);
    assert_ne!(hash(&named, "CT_A"), hash(&shifted, "CT_A"));
    assert_eq!(hash(&instance(&[]), "CT_A"), "", "there is nothing to hash");
}

#[test]
fn a_reason_names_the_recipe_the_step_and_the_tag() {
    let stored = instance(&[("PatientID", "1234567890"), ("Modality", "CT")]);
    let expected = "recipe \"r\", step 2, Else, step 2: StudyID (0020,0010): ";
    let twice = json!([
        { "Set": { "StudyID": "{PatientID}" } },
        { "If": { "Modality": "MR" }, "Remove": ["StudyID"], "Else": [ { "Set": { "StudyDescription": "A" } },
            { "Suffix": { "StudyID": "-{PatientID}" } } ] },
    ]);
    match changes(twice, &stored, &From::default()) {
        Err(NotChanged::Impossible(why)) => assert!(why.starts_with(expected), "{why}"),
        other => panic!("{other:?}"),
    }
    let second = json!([{ "Remove": ["StudyID"] }, { "Set": { "PatientName": "{Source}" } }]);
    match changes(second, &stored, &From::aet("CT_C")) {
        Err(NotChanged::Impossible(why)) => assert_eq!(
            why,
            "recipe \"r\", step 2: PatientName (0010,0010): {Source}: the instance comes from none of the Sources (from CT_C)"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_cannot_be_told_apart_is_not_sent() {
    let stored = instance(&[("PatientID", "1")]);
    let prefix = || json!([{ "Prefix": { "PatientID": "{Source}-" } }]);
    let from = From::default();
    let expected = "PatientID (0010,0020): {Source}: the instance comes from none of the Sources";
    assert_eq!(why_not(prefix(), &stored, &from), expected);
    from.set(Some("CT_C"), Some("127.0.0.1"));
    let with_sender = format!("{expected} (from CT_C, 127.0.0.1)");
    assert_eq!(why_not(prefix(), &stored, &from), with_sender);
    from.arrival.borrow_mut().remote_aet = None;
    from.arrival.borrow_mut().origin = Some("RestApi".to_owned());
    let with_way = format!("{expected} (from 127.0.0.1, RestApi)");
    assert_eq!(why_not(prefix(), &stored, &from), with_way);
    from.set(Some("CT_A"), Some("10.2.0.1"));
    let expected = "PatientID (0010,0020): {Source}: the instance comes from several of the Sources: A, B (from CT_A, 10.2.0.1)";
    assert_eq!(why_not(prefix(), &stored, &from), expected);
    from.set(Some("ct_a"), None);
    assert_eq!(
        changes(prefix(), &stored, &from).unwrap(),
        ["PatientID: 1 -> A-1"]
    );
    let remote = || json!([{ "Prefix": { "PatientID": "{RemoteAet}-" } }]);
    from.set(None, None);
    let why = why_not(remote(), &stored, &from);
    assert!(why.contains("without a calling AET"), "{why}");
    // A fault of Orthanc is none of the instance.
    let fault = NotChanged::NotNow("Orthanc is busy".to_owned());
    *from.fails.borrow_mut() = Some(fault.clone());
    assert_eq!(changes(prefix(), &stored, &from), Err(fault));
}

#[test]
fn orthanc_is_asked_for_the_sender_only_if_that_is_needed_and_once() {
    let stored = instance(&[("PatientID", "1"), ("Modality", "CT")]);
    let from = From::aet("CT_A");
    changes(
        json!([{ "If": { "Modality": "CT" }, "Prefix": { "PatientID": "A" } }]),
        &stored,
        &from,
    )
    .unwrap();
    assert_eq!(from.asked.get(), 0);
    let steps = json!([
        { "If": { "CallingAet": "CT_A", "Modality": "CT" }, "Prefix": { "PatientID": "{Source}" } },
        { "If": { "Source": "A" }, "Prefix": { "PatientID": "{CalledAet}{RemoteAet}" } },
    ]);
    changes(steps, &stored, &from).unwrap();
    assert_eq!(from.asked.get(), 1);
    // The item says it itself.
    let recipe = recipe(json!([{ "Prefix": { "PatientID": "{RemoteAet}" } }]));
    let mut known = item(1);
    known.remote_aet = Some("CT_A".to_owned());
    let mut data = DataSet::parse(&stored, EXPLICIT).unwrap();
    let about = About::new(&known, &recipe.sources, &from);
    apply(&recipe, &mut data, &about, &Notes::default()).unwrap();
    assert_eq!(from.asked.get(), 1);
}

/// Images without an issuer, and a report of the same study that names one.
#[test]
fn the_issuer_is_decided_once_for_a_study() {
    let recipe = recipe(json!([{ "Set": { "PatientID": "{hash:PatientID,12}" } }]));
    let (notes, from) = (Notes::default(), From::aet("CT_A"));
    let hash = |stored: &[u8]| {
        let found = changed_by(&recipe, stored, &from, &notes).unwrap();
        found
            .into_iter()
            .find(|one| one.path == "PatientID")
            .map(|one| one.after)
    };
    let image = hash(&instance(&[("PatientID", "1")]));
    let report = hash(&instance(&[
        ("PatientID", "1"),
        ("IssuerOfPatientID", "NHS"),
    ]));
    assert!(image.is_some());
    assert_eq!(image, report);
}
