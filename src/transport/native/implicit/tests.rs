//! Against DCMTK's `dcmconv`: the same elements with the same values.

use sendqueue_testkit::dicom::{
    DataSet, EXPLICIT_VR_LE, IMPLICIT_VR_LE, Lengths, elements, every_object,
};
use sendqueue_testkit::{Kind, Study};

use super::super::part10::Part10;
use super::explicit_to_implicit;

#[track_caller]
fn same(name: &str, data_set: &[u8]) -> Vec<u8> {
    let converted =
        explicit_to_implicit(data_set).unwrap_or_else(|error| panic!("{name}: {error}"));
    let theirs = elements(IMPLICIT_VR_LE, &dcmconv(data_set));
    let ours = elements(IMPLICIT_VR_LE, &converted);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "{name}");
    }
    assert_eq!(ours.len(), theirs.len(), "{name}");
    converted
}

/// The same conversion by DCMTK.
fn dcmconv(data_set: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.dcm"), folder.path().join("to.dcm"));
    let mut file = vec![0u8; 128];
    file.extend_from_slice(b"DICM");
    for (element, uid) in [
        (2, "2.25.10"),
        (3, "2.25.20"),
        (0x10, "1.2.840.10008.1.2.1\0"),
    ] {
        file.extend_from_slice(&[2, 0, element, 0, b'U', b'I']);
        let mut uid = uid.as_bytes().to_vec();
        uid.resize(uid.len().next_multiple_of(2), 0);
        file.extend_from_slice(&u16::try_from(uid.len()).unwrap().to_le_bytes());
        file.extend_from_slice(&uid);
    }
    file.extend_from_slice(data_set);
    std::fs::write(&from, file).unwrap();
    let done = std::process::Command::new("/usr/bin/dcmconv")
        .arg("+ti")
        .args([&from, &to])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let file = std::fs::read(&to).unwrap();
    Part10::parse(&file).unwrap().data_set.to_vec()
}

/// Sequences in sequences, of both kinds, empty and not.
fn nested(lengths: Lengths, depth: usize) -> DataSet {
    let leaf = DataSet::new().text((0x0008, 0x0100), "SH", "T-04000").text(
        (0x0008, 0x0104),
        "LO",
        "Breast",
    );
    if depth == 0 {
        return leaf;
    }
    let other = match lengths {
        Lengths::Defined => Lengths::Undefined,
        Lengths::Undefined => Lengths::Defined,
    };
    leaf.sequence(
        (0x0040, 0xA730),
        lengths,
        &[nested(other, depth - 1), DataSet::new(), nested(lengths, 0)],
    )
    .sequence((0x0040, 0xA043), other, &[])
}

#[test]
fn objects_of_all_kinds() {
    let mut compared = 0;
    for sample in every_object() {
        // What is compared below: DCMTK gives such a sequence a defined length.
        if sample.transfer_syntax == EXPLICIT_VR_LE && sample.name != "unknown VR" {
            same(&sample.name, sample.data_set());
            compared += 1;
        }
    }
    assert!(compared > 3);
    for kind in [Kind::Small, Kind::Ct512K] {
        let study = Study::new(1, 1).kind(kind).transfer_syntax(EXPLICIT_VR_LE);
        let instance = study.instance(1, 1);
        same("an image", &instance.bytes[instance.data_set_offset..]);
    }
}

#[test]
fn sequences_of_defined_and_undefined_length_and_every_vr() {
    for lengths in [Lengths::Defined, Lengths::Undefined] {
        let data_set = nested(lengths, 6)
            .text((0x0010, 0x0010), "PN", "A^B")
            .text((0x0009, 0x0010), "LO", "OURS")
            .bytes((0x0009, 0x1001), "UN", &[1, 2, 3, 4])
            .bytes((0x0009, 0x1002), "OB", &[])
            .bytes((0x0009, 0x1003), "UT", b"long text ")
            .bytes((0x0009, 0x1004), "OW", &[0; 70_000])
            .bytes((0x0018, 0x9004), "CS", b"")
            .encode();
        same("all", &data_set);
    }
}

#[test]
fn a_sequence_of_unknown_vr_is_implicit_inside() {
    // (0009,1001) UN, undefined length, with an item that has a nested sequence, all in implicit form.
    let inside: Vec<u8> = [
        &[0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF][..],
        &[0x08, 0, 0x00, 0x01, 2, 0, 0, 0, b'A', b' '],
        &[0x40, 0, 0x30, 0xA7, 0xFF, 0xFF, 0xFF, 0xFF],
        &[0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
    ]
    .concat();
    let mut data_set = vec![
        0x09, 0, 0x01, 0x10, b'U', b'N', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF,
    ];
    data_set.extend_from_slice(&inside);
    data_set.extend_from_slice(&[0x10, 0, 0x10, 0, b'P', b'N', 2, 0, b'A', b'^']);
    let converted = explicit_to_implicit(&data_set).unwrap();
    let mut expected = vec![0x09, 0, 0x01, 0x10, 0xFF, 0xFF, 0xFF, 0xFF];
    expected.extend_from_slice(&inside);
    expected.extend_from_slice(&[0x10, 0, 0x10, 0, 2, 0, 0, 0, b'A', b'^']);
    assert_eq!(converted, expected);
}

#[test]
fn group_lengths_are_left_out() {
    let data_set = [
        0x08, 0, 0, 0, b'U', b'L', 4, 0, 12, 0, 0, 0, //
        0x08, 0, 0x60, 0, b'C', b'S', 2, 0, b'C', b'T',
    ];
    assert_eq!(
        explicit_to_implicit(&data_set).unwrap(),
        [0x08, 0, 0x60, 0, 2, 0, 0, 0, b'C', b'T']
    );
    assert_eq!(explicit_to_implicit(&[]), Ok(Vec::new()));
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let compressed = [
        0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, //
        0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0,
    ];
    assert!(explicit_to_implicit(&compressed).is_err());
    let beyond = [0x08, 0, 0x60, 0, b'C', b'S', 200, 0, b'C', b'T'];
    assert!(explicit_to_implicit(&beyond).is_err());
    let delimiter = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0];
    assert!(explicit_to_implicit(&delimiter).is_err());
    let deep = (0..100).fold(DataSet::new(), |inner, _| {
        DataSet::new().sequence((0x0040, 0xA730), Lengths::Undefined, &[inner])
    });
    assert!(explicit_to_implicit(&deep.encode()).is_err());
}

#[test]
fn damaged_data_sets_are_no_panic_and_stay_small() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let good = nested(Lengths::Defined, 4)
        .sequence(
            (0x0040, 0xA168),
            Lengths::Undefined,
            &[nested(Lengths::Undefined, 3)],
        )
        .encode();
    for end in 0..good.len() {
        let _ = explicit_to_implicit(&good[..end]);
    }
    for _ in 0..50_000 {
        let mut broken = good.clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(0..broken.len());
            broken[at] = random.u8(..);
        }
        if let Ok(converted) = explicit_to_implicit(&broken) {
            assert!(converted.len() <= 3 * broken.len());
        }
    }
}
