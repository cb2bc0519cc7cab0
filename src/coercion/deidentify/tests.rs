//! The profile on data sets that are made here, in every form.

use sendqueue_dicom::{DataSet, Element, Elements, Piece, Tag, Vr};

use super::values::Secret;
use super::*;
use crate::config::deidentify::{Allow, Key};

mod whole;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const NAME: &str = "Hidden^Patient";
const UID: &str = "1.2.276.0.7230010.3.1";
const PURPOSE: Tag = Tag(0x0040, 0xA170);
const DERIVATION: Tag = Tag(0x0008, 0x9124);

fn entry(options: &[ProfileOption]) -> Deidentification {
    Deidentification {
        key_file: "trial.key".into(),
        name: "trial".to_owned(),
        options: options.to_vec(),
        key: Key::new(b"0123456789abcdef").expect("a key"),
        lookup: None,
        set: Vec::new(),
        allow: Allow::default(),
        sources: Vec::new(),
        written: serde_json::Value::Null,
    }
}

fn text(level: &mut Elements<'_>, tag: Tag, vr: Vr, value: &str) {
    level.set(tag, vr, value.as_bytes().to_vec());
}

/// The least that tells of a patient.
fn person<'f>() -> Elements<'f> {
    let mut item = Elements::new();
    text(&mut item, Tag::PATIENT_NAME, Vr::PN, NAME);
    text(&mut item, Tag(0x0008, 0x1155), Vr::UI, UID);
    text(&mut item, Tag(0x0009, 0x0010), Vr::LO, "HIDDEN CREATOR");
    text(&mut item, Tag(0x0009, 0x1001), Vr::LO, "HIDDEN VALUE");
    text(&mut item, Tag(0x0008, 0x0100), Vr::SH, "121311");
    item
}

fn nested<'f>(depth: usize) -> Elements<'f> {
    let mut item = person();
    if depth > 0 {
        item.set_items(PURPOSE, vec![Elements::new(), nested(depth - 1)]);
    }
    item
}

/// A CT image with pixels, private elements, sequences, an overlay, and what stands behind the pixels.
fn image<'f>() -> Elements<'f> {
    let mut root = person();
    text(&mut root, Tag(0x0008, 0x0005), Vr::CS, "ISO_IR 192");
    text(&mut root, Tag::SOP_CLASS_UID, Vr::UI, CT);
    text(&mut root, Tag::SOP_INSTANCE_UID, Vr::UI, UID);
    text(&mut root, Tag(0x0008, 0x0020), Vr::DA, "20240301");
    text(&mut root, Tag(0x0008, 0x0030), Vr::TM, "121314");
    text(&mut root, Tag(0x0008, 0x0080), Vr::LO, "HIDDEN HOSPITAL");
    text(&mut root, Tag(0x0010, 0x0020), Vr::LO, "HIDDEN-1");
    text(&mut root, Tag(0x0010, 0x0030), Vr::DA, "19500101");
    text(&mut root, Tag(0x0010, 0x4000), Vr::LT, "山田 HIDDEN");
    root.set(Tag(0x0028, 0x0010), Vr::US, vec![1, 0]);
    root.set_items(DERIVATION, vec![nested(4)]);
    root.set_items(Tag(0x0040, 0xA730), vec![nested(2)]);
    root.set_items(Tag(0x0400, 0x0561), vec![person()]);
    root.set_items(Tag(0x0029, 0x1010), vec![person()]);
    text(&mut root, Tag(0x0010, 0xABCC), Vr::LO, "HIDDEN UNKNOWN");
    text(&mut root, Tag(0x6000, 0x0022), Vr::LO, "HIDDEN OVERLAY");
    root.set(Tag(0x6000, 0x3000), Vr::OW, vec![1, 2]);
    root.set(Tag::PIXEL_DATA, Vr::OW, b"\x07PIXELS\x07".to_vec());
    root.set_items(Tag(0xFFFA, 0xFFFA), vec![person()]);
    text(&mut root, Tag(0xFFFC, 0xFFFC), Vr::OB, "HIDDEN PADDING");
    root
}

fn bytes(pieces: Vec<Piece>, source: &[u8]) -> Vec<u8> {
    let slices = pieces.into_iter().map(|piece| match piece {
        Piece::Made(bytes) => bytes,
        Piece::Kept(range) => source[range].to_vec(),
    });
    slices.flatten().collect()
}

/// In this transfer syntax.
fn written(root: Elements<'_>, syntax: &str) -> Vec<u8> {
    let mut data = DataSet::parse(&[], syntax).expect("nothing");
    for element in &root {
        data.root_mut().insert(element.clone());
    }
    bytes(data.encode().expect("a data set"), &[])
}

fn cleaned(source: &[u8], syntax: &str, options: &[ProfileOption]) -> Vec<u8> {
    let entry = entry(options);
    let mut data = DataSet::parse(source, syntax).expect("a data set");
    let patient = Patient {
        issuer: "A".to_owned(),
        id: "HIDDEN-1".to_owned(),
    };
    let secret = Secret::new(&entry.key);
    remove_identity(&entry, &secret, data.root_mut(), Some(&patient)).expect("clean");
    bytes(data.encode().expect("a data set"), source)
}

fn value(root: &Elements<'_>, tag: Tag) -> Option<String> {
    let value = root.get(tag)?.bytes()?;
    Some(
        String::from_utf8_lossy(value)
            .trim_end_matches([' ', '\0'])
            .to_owned(),
    )
}

const FORMS: [&str; 3] = [
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
];

#[test]
fn nothing_of_the_patient_is_left_in_any_form() {
    for syntax in FORMS {
        let source = written(image(), syntax);
        let clean = cleaned(&source, syntax, &[]);
        for secret in [
            "Hidden", "HIDDEN", UID, "20240301", "19500101", "121314", "山田",
        ] {
            let found = clean
                .windows(secret.len())
                .any(|one| one == secret.as_bytes());
            assert!(!found, "{secret} in {syntax}");
        }
        let data = DataSet::parse(&clean, syntax).expect("a data set");
        let root = data.root();
        assert!(root.iter().all(|one| !one.tag().is_private()), "{syntax}");
        assert_eq!(value(root, Tag::PATIENT_NAME).as_deref(), Some(""));
        assert_eq!(value(root, Tag(0x0012, 0x0062)).as_deref(), Some("YES"));
        assert_eq!(value(root, Tag(0x0028, 0x0303)).as_deref(), Some("REMOVED"));
        assert_eq!(
            root.get(Tag(0x0028, 0x0010))
                .and_then(|one| one.little_endian())
                .as_deref(),
            Some(&[1, 0][..])
        );
        let pixels = root.get(Tag::PIXEL_DATA).and_then(Element::little_endian);
        assert_eq!(pixels.as_deref(), Some(&b"\x07PIXELS\x07"[..]), "{syntax}");
        for gone in [
            Tag(0x0400, 0x0561),
            Tag(0x6000, 0x0022),
            Tag(0xFFFA, 0xFFFA),
            Tag(0xFFFC, 0xFFFC),
            Tag(0x0010, 0xABCC),
        ] {
            assert!(root.get(gone).is_none(), "{gone} in {syntax}");
        }
    }
}

#[test]
fn one_uid_has_one_other_wherever_it_stands() {
    let syntax = FORMS[1];
    let clean = cleaned(&written(image(), syntax), syntax, &[]);
    let data = DataSet::parse(&clean, syntax).expect("a data set");
    let mine = value(data.root(), Tag::SOP_INSTANCE_UID).expect("a UID");
    let entry = entry(&[]);
    assert_eq!(mine, Secret::new(&entry.key).uid(UID));
    let mut level = data.root().get(DERIVATION).expect("a sequence");
    for depth in 0..5 {
        let item = level
            .items()
            .expect("items")
            .and_then(<[_]>::last)
            .expect("an item");
        assert_eq!(
            value(item, Tag(0x0008, 0x1155)).as_ref(),
            Some(&mine),
            "{depth}"
        );
        assert_eq!(value(item, Tag(0x0008, 0x0100)).as_deref(), Some("121311"));
        if depth < 4 {
            level = item.get(PURPOSE).expect("a sequence");
        }
    }
    // What is a dummy as a whole has its references too, and nothing else.
    let content = data.root().get(Tag(0x0040, 0xA730)).expect("a sequence");
    let item = &content.items().expect("items").expect("items")[0];
    assert_eq!(value(item, Tag(0x0008, 0x1155)), Some(mine));
    assert_eq!(
        value(item, Tag(0x0008, 0x0100)).as_deref(),
        Some("ANONYMIZED")
    );
    assert_eq!(value(data.root(), Tag::SOP_CLASS_UID).as_deref(), Some(CT));
}

#[test]
fn the_same_bytes_come_out_each_time() {
    for syntax in FORMS {
        let source = written(image(), syntax);
        let once = cleaned(&source, syntax, &[ProfileOption::RetainModifiedDates]);
        assert_eq!(
            cleaned(&source, syntax, &[ProfileOption::RetainModifiedDates]),
            once
        );
        // What is clean stays so.
        let twice = cleaned(&once, syntax, &[]);
        assert!(DataSet::parse(&twice, syntax).is_ok());
    }
}

#[test]
fn dates_are_shifted_by_the_patient() {
    let syntax = FORMS[1];
    let mut root = image();
    text(&mut root, Tag(0x0008, 0x0021), Vr::DA, "20240302");
    text(&mut root, Tag(0x0008, 0x0022), Vr::DA, "HIDDEN");
    let source = written(root, syntax);
    let clean = cleaned(&source, syntax, &[ProfileOption::RetainModifiedDates]);
    let data = DataSet::parse(&clean, syntax).expect("a data set");
    let day = |tag| -> jiff::civil::Date {
        let text = value(data.root(), tag).expect("a date");
        jiff::civil::Date::strptime("%Y%m%d", &text).expect("a date")
    };
    let (study, series) = (day(Tag(0x0008, 0x0020)), day(Tag(0x0008, 0x0021)));
    assert_eq!((series - study).get_days(), 1);
    assert!(study < jiff::civil::date(2024, 3, 1));
    assert_eq!(
        value(data.root(), Tag(0x0008, 0x0030)).as_deref(),
        Some("121314")
    );
    assert_eq!(value(data.root(), Tag(0x0008, 0x0022)), None, "no date");
    assert_eq!(
        value(data.root(), Tag(0x0010, 0x0030)).as_deref(),
        Some(""),
        "the birth date"
    );
    assert_eq!(
        value(data.root(), Tag(0x0028, 0x0303)).as_deref(),
        Some("MODIFIED")
    );
    let codes = data.root().get(Tag(0x0012, 0x0064)).expect("codes");
    let codes: Vec<_> = codes
        .items()
        .expect("items")
        .expect("items")
        .iter()
        .collect();
    let code = |at: usize| value(codes[at], Tag(0x0008, 0x0100));
    assert_eq!(codes.len(), 2);
    assert_eq!(
        [code(0), code(1)],
        [Some("113100".to_owned()), Some("113107".to_owned())]
    );
}

#[test]
fn what_cannot_be_looked_into_goes_or_stops_it() {
    let syntax = FORMS[1];
    let mut root = image();
    // A sequence of the standard that is none, and one whose items are in a value of VR UN.
    text(&mut root, DERIVATION, Vr::UN, "HIDDEN^IN^NO^SEQUENCE");
    let clean = cleaned(&written(root, syntax), syntax, &[]);
    assert!(!clean.windows(6).any(|one| one == b"HIDDEN"));
    // A name in a value of no VR that has names.
    let mut root = image();
    text(&mut root, Tag::PATIENT_NAME, Vr::UN, NAME);
    let clean = cleaned(&written(root, syntax), syntax, &[]);
    assert!(!clean.windows(6).any(|one| one == b"Hidden"));
    // Damaged: an item that is longer than its sequence.
    let mut source = written(image(), syntax);
    let at = source
        .windows(4)
        .position(|one| one == [0x08, 0, 0x24, 0x91])
        .expect("there");
    source[at + 8] = source[at + 8].wrapping_sub(2);
    let entry = entry(&[]);
    let refused = match DataSet::parse(&source, syntax) {
        Err(_) => true,
        Ok(mut data) => {
            remove_identity(&entry, &Secret::new(&entry.key), data.root_mut(), None).is_err()
        }
    };
    assert!(refused);
}

#[test]
fn what_usually_has_text_is_refused_by_name() {
    let entry = entry(&[]);
    let mut root = image();
    text(
        &mut root,
        Tag::SOP_CLASS_UID,
        Vr::UI,
        "1.2.840.10008.5.1.4.1.1.7",
    );
    let secret = Secret::new(&entry.key);
    let why = remove_identity(&entry, &secret, &mut root, None);
    let NotChanged::Impossible(why) = why.expect_err("refused") else {
        panic!("another reason");
    };
    assert!(
        why.contains("\"SC\"") && why.contains("0028,0301") && why.contains("\"trial\""),
        "{why}"
    );
    assert!(!why.contains("Hidden"), "{why}");
    text(&mut root, Tag(0x0028, 0x0301), Vr::CS, "NO");
    assert!(remove_identity(&entry, &secret, &mut root, None).is_ok());
}
