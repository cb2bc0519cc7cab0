use sendqueue_testkit::dicom::{every_object, every_syntax};

use super::super::contexts::{EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE};
use super::*;

fn element(number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    of_group(2, number, vr, value)
}

fn of_group(group: u16, number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = group.to_le_bytes().to_vec();
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(vr);
    if matches!(vr, b"OB" | b"UN" | b"UT") {
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    } else {
        bytes.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
    }
    bytes.extend_from_slice(value);
    bytes
}

fn file(meta: &[Vec<u8>], data_set: &[u8]) -> Vec<u8> {
    let mut bytes = vec![7; PREAMBLE];
    bytes.extend_from_slice(b"DICM");
    bytes.extend_from_slice(&meta.concat());
    bytes.extend_from_slice(data_set);
    bytes
}

fn meta() -> Vec<Vec<u8>> {
    vec![
        element(0x0001, b"OB", &[0, 1]),
        element(0x0002, b"UI", b"1.2.3\0"),
        element(0x0003, b"UI", b"1.2.3.4 "),
        element(0x0010, b"UI", b"1.2.840.10008.1.2.1\0"),
    ]
}

#[test]
fn a_file_is_read_whatever_its_group_length_says() {
    let data_set = [8, 0, 0x60, 0, b'C', b'S', 2, 0, b'C', b'T'];
    for length in [None, Some(0u32), Some(u32::MAX), Some(50)] {
        let mut all = meta();
        if let Some(length) = length {
            all.insert(0, element(0, b"UL", &length.to_le_bytes()));
        }
        let bytes = file(&all, &data_set);
        let read = Part10::parse(&bytes).unwrap();
        assert_eq!(uids(read), (None, None));
        assert_eq!(read.media_storage_sop_class_uid, Some("1.2.3"));
        assert_eq!(read.transfer_syntax, EXPLICIT_VR_LE);
        assert_eq!(read.data_set, data_set);
    }
}

fn uids(read: Part10<'_>) -> (Option<&str>, Option<&str>) {
    (read.sop_class_uid, read.sop_instance_uid)
}

fn with_syntax(syntax: &str) -> Vec<Vec<u8>> {
    let mut all = meta();
    all[3] = element(0x0010, b"UI", syntax.as_bytes());
    all
}

#[test]
fn which_instance_it_is_the_data_set_says_alone() {
    let inside = [
        of_group(8, 0x0000, b"UL", &[0; 4]),
        of_group(8, 0x0005, b"CS", b"ISO_IR 100"),
        of_group(8, 0x0016, b"UI", b"9.9\0"),
        of_group(8, 0x0018, b"UI", b"8.8\0"),
    ]
    .concat();
    let implicit = [
        8, 0, 0x16, 0, 4, 0, 0, 0, b'9', b'.', b'9', 0, //
        8, 0, 0x18, 0, 4, 0, 0, 0, b'8', b'.', b'8', 0,
    ];
    let big_endian = [
        &[0, 8, 0, 5, b'C', b'S', 0, 2, b'X', b' '][..],
        &[0, 8, 0, 6, b'O', b'B', 0, 0, 0, 0, 0, 2, 1, 2],
        &[0, 8, 0, 0x16, b'U', b'I', 0, 4, b'9', b'.', b'9', 0],
        &[0, 8, 0, 0x18, b'U', b'I', 0, 4, b'8', b'.', b'8', 0],
    ]
    .concat();
    let all: [(&str, &[u8]); 3] = [
        (EXPLICIT_VR_LE, &inside),
        (IMPLICIT_VR_LE, &implicit),
        (EXPLICIT_VR_BE, &big_endian),
    ];
    for (syntax, data_set) in all {
        let bytes = file(&with_syntax(syntax), data_set);
        let read = Part10::parse(&bytes).unwrap();
        assert_eq!(uids(read), (Some("9.9"), Some("8.8")), "{syntax}");
        assert_eq!(read.data_set, data_set);
    }
    // What is in the data set goes to the receiver: what is no UID there must not be hidden by what stands outside.
    let wrong = of_group(8, 0x0018, b"UI", b"8.x\0");
    assert!(Part10::parse(&file(&meta(), &wrong)).is_err());
    // Nothing usable there.
    let deflated = [0x4B, 0x4C, 0x4A, 0x06, 0x00, 0x00];
    let empty = of_group(8, 0x0018, b"UI", b"");
    let beyond = [8, 0, 0x18, 0, b'U', b'I', 200, 0, b'8', b'.', b'8', 0];
    for data_set in [&[][..], &deflated, &big_endian, &empty, &beyond] {
        let read = file(&meta(), data_set);
        let read = Part10::parse(&read).unwrap();
        assert_eq!(uids(read), (None, None), "{data_set:?}");
    }
}

#[test]
fn of_two_meta_headers_the_first_counts() {
    let data_set = of_group(8, 0x0018, b"UI", b"8.8\0");
    for [first, second] in [
        [EXPLICIT_VR_LE, IMPLICIT_VR_LE],
        [EXPLICIT_VR_LE, EXPLICIT_VR_BE],
    ] {
        let both = [with_syntax(first), with_syntax(second)].concat();
        let bytes = file(&both, &data_set);
        let read = Part10::parse(&bytes).unwrap();
        assert_eq!(read.transfer_syntax, first);
        assert_eq!(read.sop_instance_uid, Some("8.8"));
        assert_eq!(read.data_set, data_set);
    }
}

#[test]
fn real_files_are_read_as_they_were_made() {
    for sample in every_object().into_iter().chain(every_syntax()) {
        let read = Part10::parse(&sample.file).unwrap();
        assert_eq!(read.transfer_syntax, sample.transfer_syntax);
        let told = (!sample.transfer_syntax.ends_with(".1.99")).then_some(());
        let wanted = (
            told.map(|()| sample.sop_class_uid.as_str()),
            told.map(|()| sample.sop_instance_uid.as_str()),
        );
        assert_eq!(uids(read), wanted, "{}", sample.name);
        assert_eq!(read.data_set, sample.data_set(), "{}", sample.name);
    }
}

#[test]
fn sloppy_meta_information_is_read() {
    let mut sloppy = with_syntax(" 1.2.840.010008.1.2.4.70 \0");
    // Out of order, of odd length, with elements that nobody knows, and long ones.
    sloppy.reverse();
    sloppy[1] = element(0x0003, b"UI", b"1.2.003.4");
    sloppy.push(element(0x0100, b"UI", b"1.2.77"));
    sloppy.push(element(0x0102, b"OB", &[1; 70_001]));
    sloppy.push(element(0x0FFF, b"??", b"x"));
    let bytes = file(&sloppy, &[]);
    let read = Part10::parse(&bytes).unwrap();
    assert_eq!(read.transfer_syntax, "1.2.840.010008.1.2.4.70");
    assert!(read.data_set.is_empty());
}

#[test]
fn what_is_no_file_is_told() {
    assert!(Part10::parse(b"").is_err());
    assert!(Part10::parse(&[0; 200]).is_err());
    let mut without = meta();
    without.remove(3);
    assert!(Part10::parse(&file(&without, &[])).is_err());
    for wrong in ["1.2.x\0", "", "1.2\r\n", &"1".repeat(66)] {
        assert!(
            Part10::parse(&file(&with_syntax(wrong), &[])).is_err(),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_file_that_ends_anywhere_is_no_panic() {
    let bytes = file(&meta(), &[]);
    for end in 0..bytes.len() {
        assert!(Part10::parse(&bytes[..end]).is_err(), "{end}");
    }
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..20_000 {
        let mut broken = bytes.clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(PREAMBLE..broken.len());
            broken[at] = random.u8(..);
        }
        if let Ok(read) = Part10::parse(&broken) {
            assert!(broken.ends_with(read.data_set));
        }
    }
}

#[test]
fn study_and_series_are_found_behind_whatever_stands_before_them() {
    let uids = [
        of_group(0x20, 0x000D, b"UI", b"1.2\0"),
        of_group(0x20, 0x000E, b"UI", b"1.2.3\0"),
        of_group(0x20, 0x0010, b"SH", b"9.9."),
    ]
    .concat();
    // A sequence without a length, with an item that has none either, and these very tags in it.
    let open = |bytes: &[u8]| [bytes, &[0xFF; 4]].concat();
    let sequence = [
        &open(&[0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0])[..],
        &open(&[0xFE, 0xFF, 0x00, 0xE0]),
        &of_group(0x20, 0x000D, b"UI", b"6.6\0"),
        &[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
    ]
    .concat();
    let explicit = "1.2.840.10008.1.2.1";
    let both = (Some("1.2"), Some("1.2.3"));
    let data_set = [&sequence[..], &uids].concat();
    assert_eq!(parents(&data_set, explicit), both);
    // What stands behind them is not read.
    let damaged = [&data_set[..], &[0xFF; 5]].concat();
    assert_eq!(parents(&damaged, explicit), both);
    assert_eq!(parents(&sequence, explicit), (None, None));
    // What is no UID is none, and of two the first counts.
    let wild = [&of_group(0x20, 0x000D, b"UI", b"1.*\0")[..], &uids].concat();
    assert_eq!(parents(&wild, explicit), (None, Some("1.2.3")));
    for end in 0..data_set.len() {
        let (study, series) = parents(&data_set[..end], explicit);
        assert!(study.is_none_or(|study| study == "1.2"));
        assert!(series.is_none_or(|series| series == "1.2.3"));
    }
    for sample in every_object().into_iter().chain(every_syntax()) {
        let read = Part10::parse(&sample.file).unwrap();
        let (study, series) = parents(read.data_set, read.transfer_syntax);
        let is_deflated = read.transfer_syntax == "1.2.840.10008.1.2.1.99";
        assert_eq!(study.is_some() && series.is_some(), !is_deflated);
    }
}
