//! Changes of a data set: what is asked for is done, and all else stays byte for byte.

mod support;

use sendqueue_dicom::{Tag, Vr};
use support::{Content, FORMS, Set, bytes_of, inflated, parse};

const REQUEST: (u16, u16) = (0x0040, 0x0275);

fn patient(id: &str) -> Set {
    Set::new()
        .text((0x0008, 0x0005), "CS", "ISO_IR 100")
        .text((0x0008, 0x0050), "SH", "ACC1")
        .text((0x0010, 0x0020), "LO", id)
}

/// With numbers, nested items of both kinds, a private element and pixels behind them.
fn instance(id: &str, nested: &str) -> Set {
    let item = |accession: &str| {
        Set::new()
            .text((0x0008, 0x0050), "SH", accession)
            .bytes((0x0028, 0x0010), "US", &[1, 2])
    };
    let deep = Set::new().items((0x0040, 0xA730), true, &[item("DEEP"), Set::new()]);
    patient(id)
        .text((0x0011, 0x0010), "LO", "OURS")
        .bytes((0x0011, 0x1001), "UN", b"\x01\x02\x03\x04")
        .bytes((0x0028, 0x0010), "US", &[1, 2, 3, 4])
        .items(REQUEST, false, &[item(nested), deep])
        .items((0x0040, 0xA730), true, &[item("OTHER")])
        .bytes((0x7FE0, 0x0010), "OW", &[7; 64])
        .bytes((0xFFFC, 0xFFFC), "OB", &[0; 8])
}

#[test]
fn a_value_is_another_and_the_rest_stays() {
    for form in FORMS {
        let before = instance("1234", "NESTED").encode(form);
        let mut data = parse(&before, form);
        data.root_mut()
            .set(Tag::PATIENT_ID, Vr::LO, b"A-1234567".into());
        data.root_mut()
            .set(Tag::PATIENT_NAME, Vr::PN, b"X^Y".into());
        let after = bytes_of(data, &before);
        let mut expected = instance("A-1234567", "NESTED");
        expected.0.insert(
            2,
            (
                (0x0010, 0x0010),
                "PN".into(),
                Content::Value(b"X^Y ".into()),
            ),
        );
        assert_eq!(after, expected.encode(form), "{form}");
    }
}

#[test]
fn nothing_changed_is_the_same_bytes() {
    for form in FORMS {
        let before = instance("1234", "NESTED").encode(form);
        let data = parse(&before, form);
        assert_eq!(
            inflated(bytes_of(data, &before), form),
            inflated(before, form),
            "{form}"
        );
    }
}

#[test]
fn nested_values_are_changed_and_lengths_are_true() {
    for form in FORMS {
        let before = instance("1234", "NESTED").encode(form);
        let mut data = parse(&before, form);
        let sequence = data.root_mut().get_mut(Tag(REQUEST.0, REQUEST.1)).unwrap();
        let items = sequence.items_mut().unwrap().unwrap();
        assert_eq!(items.len(), 2);
        items[0].set(Tag::ACCESSION_NUMBER, Vr::SH, b"LONGERNESTED".into());
        let after = bytes_of(data, &before);
        assert_eq!(
            after,
            instance("1234", "LONGERNESTED").encode(form),
            "{form}"
        );
    }
}

#[test]
fn numbers_are_given_and_read_in_little_endian() {
    for form in FORMS {
        let before = patient("1")
            .bytes((0x0028, 0x0010), "US", &[1, 2])
            .encode(form);
        let mut data = parse(&before, form);
        let rows = Tag(0x0028, 0x0010);
        let value = data.root().get(rows).unwrap().little_endian().unwrap();
        assert_eq!(&*value, [1, 2], "{form}");
        data.root_mut().set(rows, Vr::US, vec![3, 4]);
        let after = bytes_of(data, &before);
        let expected = patient("1").bytes((0x0028, 0x0010), "US", &[3, 4]);
        assert_eq!(after, expected.encode(form), "{form}");
    }
}
