//! Against DCMTK's `dcmconv`, and against a second implementation.

mod model;

use std::process::Command;

use sendqueue_testkit::dicom::{
    DataSet, EXPLICIT_VR_LE, IMPLICIT_VR_LE, Lengths, elements, every_object, every_syntax,
};
use sendqueue_testkit::{Kind, Study};

use super::super::part10::Part10;
use super::{Malformed, UNDEFINED};
use crate::transport::pieces::{Piece, slices};

/// Of what lies together; and the same must come of it in pieces, wherever they begin and end.
fn explicit_to_implicit(data_set: &[u8]) -> Result<Vec<u8>, Malformed> {
    let converted = |source: &[u8], pieces: &[Piece]| {
        super::explicit_to_implicit(source, pieces).map(|pieces| slices(source, &pieces).concat())
    };
    let whole = converted(data_set, &[Piece::Kept(0..data_set.len())]);
    let mut random = fastrand::Rng::with_seed(data_set.len() as u64);
    for longest in [3, 40, 100_000] {
        if data_set.len() > 1000 * longest {
            continue;
        }
        // Every other piece elsewhere than in the source, and something between them there.
        let (mut source, mut pieces) = (vec![0xEE; 7], Vec::new());
        let mut rest = data_set;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(random.usize(..=rest.len().min(longest)));
            if random.bool() {
                pieces.push(Piece::Made(piece.to_vec()));
            } else {
                pieces.push(Piece::Kept(source.len()..source.len() + piece.len()));
                source.extend_from_slice(piece);
                source.push(0xEE);
            }
            rest = more;
        }
        assert_eq!(converted(&source, &pieces), whole, "in pieces of {longest}");
    }
    whole
}

const ITEM: (u16, u16) = (0xFFFE, 0xE000);
const ITEM_END: (u16, u16) = (0xFFFE, 0xE00D);
const SEQUENCE_END: (u16, u16) = (0xFFFE, 0xE0DD);

/// As `dcmconv` converts it, without group lengths.
fn dcmconv(data_set: &[u8], options: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.dcm"), folder.path().join("to.dcm"));
    let mut file = vec![0u8; 128];
    file.extend_from_slice(b"DICM");
    for (element, uid) in [
        (2, "2.25.10\0"),
        (3, "2.25.20\0"),
        (0x10, "1.2.840.10008.1.2.1\0"),
    ] {
        file.extend_from_slice(&[2, 0, element, 0, b'U', b'I']);
        file.extend_from_slice(&u16::try_from(uid.len()).unwrap().to_le_bytes());
        file.extend_from_slice(uid.as_bytes());
    }
    file.extend_from_slice(data_set);
    std::fs::write(&from, file).unwrap();
    let mut command = Command::new("/usr/bin/dcmconv");
    let command = command.arg("-g").args(options).args([&from, &to]);
    if !command.output().unwrap().status.success() {
        return None;
    }
    let file = std::fs::read(&to).unwrap();
    Some(Part10::parse(&file).unwrap().data_set.to_vec())
}

/// Converts it, and compares with DCMTK: the same bytes.
#[track_caller]
fn same(name: &str, data_set: &[u8]) {
    let converted =
        explicit_to_implicit(data_set).unwrap_or_else(|error| panic!("{name}: {error}"));
    let theirs = dcmconv(data_set, &["+ti", "-e"]).unwrap_or_else(|| panic!("{name}: dcmconv"));
    if converted != theirs {
        // What is different is easier to see in lines.
        let ours = elements(IMPLICIT_VR_LE, &converted);
        assert_eq!(ours, elements(IMPLICIT_VR_LE, &theirs), "{name}");
        panic!("{name}: other bytes");
    }
}

fn other(lengths: Lengths) -> Lengths {
    match lengths {
        Lengths::Defined => Lengths::Undefined,
        Lengths::Undefined => Lengths::Defined,
    }
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
    let inside = [
        nested(other(lengths), depth - 1),
        DataSet::new(),
        nested(lengths, 0),
    ];
    leaf.sequence((0x0040, 0xA730), lengths, &inside).sequence(
        (0x0040, 0xA043),
        other(lengths),
        &[],
    )
}

/// Only sequences, one in the other.
fn tower(lengths: Lengths, height: usize) -> Vec<u8> {
    let leaf = DataSet::new().text((0x0008, 0x0100), "SH", "LEAF");
    let whole = (0..height).fold(leaf, |inner, _| {
        DataSet::new().sequence((0x0040, 0xA730), lengths, &[inner])
    });
    whole.encode()
}

fn head(tag: (u16, u16), length: u32) -> Vec<u8> {
    let mut bytes = tag.0.to_le_bytes().to_vec();
    bytes.extend_from_slice(&tag.1.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes
}

fn items(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = items.concat();
    bytes.extend(head(SEQUENCE_END, 0));
    bytes
}

fn delimited(content: &[u8]) -> Vec<u8> {
    let end = head(ITEM_END, 0);
    [&head(ITEM, UNDEFINED), content, &end].concat()
}

fn measured(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&head(ITEM, length), content].concat()
}

/// An element with a header of twelve bytes.
fn long(tag: (u16, u16), vr: &[u8; 2], length: u32, value: &[u8]) -> Vec<u8> {
    let [g0, g1, e0, e1] = [tag.0.to_le_bytes(), tag.1.to_le_bytes()]
        .concat()
        .try_into()
        .unwrap();
    let mut bytes = vec![g0, g1, e0, e1, vr[0], vr[1], 0, 0];
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

/// A sequence of unknown VR, implicit inside, with a sequence, items of both kinds, and nothing.
fn unknown_sequence() -> Vec<u8> {
    let text = [head((0x0008, 0x0100), 2), b"A ".to_vec()].concat();
    let inner = items(&[measured(&text), delimited(&[]), delimited(&text)]);
    let inner = [head((0x0040, 0xA730), UNDEFINED), inner].concat();
    items(&[delimited(&[text, inner].concat()), measured(&[])])
}

#[test]
fn objects_of_all_kinds() {
    let objects = every_object();
    let objects = objects
        .iter()
        .map(|sample| (&sample.name, sample.data_set()));
    for (name, data_set) in objects {
        same(name, data_set);
    }
    for kind in [Kind::Small, Kind::Ct512K] {
        let study = Study::new(1, 1).kind(kind).transfer_syntax(EXPLICIT_VR_LE);
        let instance = study.instance(1, 1);
        same("an image", &instance.bytes[instance.data_set_offset..]);
    }
    assert_eq!(explicit_to_implicit(&[]), Ok(Vec::new()));
}

/// Made by `dump2dcm`: what DCMTK writes of each VR, in private groups too.
#[test]
fn every_vr_as_dcmtk_writes_it() {
    let text = r"
(0008,0005) CS [ISO_IR 100]
(0008,0016) UI [1.2.840.10008.5.1.4.1.1.7]
(0008,0018) UI [2.25.30]
(0008,1140) SQ
(fffe,e000) -
(0008,1150) UI [1.2.3]
(fffe,e00d) -
(fffe,e000) -
(fffe,e00d) -
(fffe,e0dd) -
(0009,0010) LO [SENDQUEUE TEST]
(0009,1001) UN 01\02\03\04
(0009,1002) OD 1.5\2
(0009,1003) OF 1.5
(0009,1004) OL 7
(0009,1005) OV 7
(0009,1006) OW 0102\0304
(0009,1007) OB 01\02
(0009,1008) SV -7
(0009,1009) UV 7
(0009,100a) UC [abc]
(0009,100b) UR [http://localhost/]
(0009,100c) UT [abcd]
(0009,1010) SQ
(fffe,e000) -
(0009,0010) LO [SENDQUEUE TEST]
(0009,1011) UC [abcd]
(0009,1012) SQ
(fffe,e000) -
(0009,1013) UT []
(fffe,e00d) -
(fffe,e0dd) -
(fffe,e00d) -
(fffe,e0dd) -
(0009,1020) AE [AET]
(0009,1021) AS [030Y]
(0009,1022) AT (0010,0020)
(0009,1023) CS [X]
(0009,1024) DA [20260101]
(0009,1025) DS [1.5]
(0009,1026) DT [20260101]
(0009,1027) FD 1.5
(0009,1028) FL 1.5
(0009,1029) IS [1]
(0009,102a) LO [X]
(0009,102b) LT [X]
(0009,102c) PN [X]
(0009,102d) SH [X]
(0009,102e) SL -1
(0009,102f) SS -1
(0009,1030) ST [X]
(0009,1031) TM [12]
(0009,1032) UI [1.2]
(0009,1033) UL 1
(0009,1034) US 1
(0010,0010) PN [A^B]
";
    for options in [["+e", "+g"], ["-e", "-g"]] {
        same("every VR", &dump2dcm(text, &options));
    }
}

fn dump2dcm(text: &str, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("dump.txt"), folder.path().join("to.dcm"));
    std::fs::write(&from, text).unwrap();
    let mut command = Command::new("/usr/bin/dump2dcm");
    let command = command.arg("+te").args(options);
    let done = command.args([&from, &to]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let file = std::fs::read(&to).unwrap();
    Part10::parse(&file).unwrap().data_set.to_vec()
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
        same("deep", &tower(lengths, 64));
    }
}

/// A receiver without a dictionary sees it.
#[test]
fn a_private_sequence_stays_a_sequence() {
    let item = DataSet::new().text((0x0009, 0x0010), "LO", "OURS");
    for lengths in [Lengths::Defined, Lengths::Undefined] {
        let private = DataSet::new()
            .text((0x0009, 0x0010), "LO", "OURS")
            .sequence((0x0009, 0x1001), lengths, &[item.clone(), DataSet::new()]);
        let converted = explicit_to_implicit(&private.encode()).unwrap();
        let before: Vec<String> = elements(EXPLICIT_VR_LE, &private.encode());
        assert_eq!(before, elements(IMPLICIT_VR_LE, &converted));
        assert!(before.iter().any(|line| line.contains("(0009,1001) SQ")));
    }
}

#[test]
fn a_sequence_of_unknown_vr_is_implicit_inside() {
    let inside = unknown_sequence();
    let mut data_set = long((0x0009, 0x1001), b"UN", UNDEFINED, &inside);
    data_set.extend_from_slice(b"\x10\x00\x10\x00PN\x02\x00A^");
    let mut expected = [head((0x0009, 0x1001), UNDEFINED), inside].concat();
    expected.extend_from_slice(b"\x10\x00\x10\x00\x02\x00\x00\x00A^");
    let converted = explicit_to_implicit(&data_set).unwrap();
    assert_eq!(converted, expected);
    // DCMTK gives its items other lengths.
    let theirs = dcmconv(&data_set, &["+ti", "-e"]).unwrap();
    let ours = elements(IMPLICIT_VR_LE, &converted);
    assert_eq!(ours, elements(IMPLICIT_VR_LE, &theirs));
}

/// Read with the wrong kind of header, an element takes others with it.
#[test]
fn an_unknown_vr_is_as_long_as_dcmtk_takes_it_to_be() {
    let next = b"\x43\x00\x10\x00LO\x0C\x00twelve bytes\x45\x00\x10\x00LO\x02\x00AB";
    for vr in [b"ZZ", b"QX"] {
        for value in [&b""[..], b"ABCD"] {
            let length = u32::try_from(value.len()).unwrap();
            let data_set = [&long((0x0041, 0x0010), vr, length, value), &next[..]].concat();
            assert_eq!(
                explicit_to_implicit(&data_set).ok(),
                dcmconv(&data_set, &["+ti", "-e"])
            );
        }
    }
    for vr in [b"??", b"  ", b"ob", b"O1", b"\0\0"] {
        let mut data_set = b"\x41\x00\x10\x00??\x02\x00AB".to_vec();
        data_set[4..6].copy_from_slice(vr);
        data_set.extend_from_slice(next);
        assert_eq!(
            explicit_to_implicit(&data_set).ok(),
            dcmconv(&data_set, &["+ti", "-e"])
        );
    }
}

#[test]
fn group_lengths_are_left_out() {
    let with = DataSet::new()
        .bytes((0x0008, 0x0000), "UL", &[12, 0, 0, 0])
        .text((0x0008, 0x0060), "CS", "CT");
    let without = DataSet::new().text((0x0008, 0x0060), "CS", "CT");
    for lengths in [Lengths::Defined, Lengths::Undefined] {
        let whole = |item: &DataSet| {
            let item = item.clone();
            let whole = item.clone().sequence((0x0040, 0xA730), lengths, &[item]);
            explicit_to_implicit(&whole.encode()).unwrap()
        };
        assert_eq!(whole(&with), whole(&without));
    }
}

#[test]
fn compressed_pixel_data_is_refused() {
    let mut refused = 0;
    for sample in every_syntax() {
        let syntax = sample.transfer_syntax.as_str();
        if syntax.starts_with("1.2.840.10008.1.2.4.") || syntax == "1.2.840.10008.1.2.5" {
            let error = explicit_to_implicit(sample.data_set()).unwrap_err();
            assert!(
                error.to_string().contains("compressed"),
                "{}: {error}",
                sample.name
            );
            refused += 1;
        }
    }
    assert!(refused > 3);
    // An icon is in a sequence.
    let icon = DataSet::new().fragments(&[vec![vec![1, 2]]], false);
    let image = DataSet::new().sequence((0x0088, 0x0200), Lengths::Undefined, &[icon]);
    let error = explicit_to_implicit(&image.encode()).unwrap_err();
    assert!(error.to_string().contains("compressed"), "{error}");
}

#[test]
fn what_cannot_be_converted_is_refused_with_its_place() {
    let good = b"\x08\x00\x60\x00CS\x02\x00CT".to_vec();
    let text = [head((0x0008, 0x0100), 2), b"A ".to_vec()].concat();
    let sequence = |length, inside: &[u8]| long((0x0040, 0xA730), b"SQ", length, inside);
    let unknown = |inside: &[u8]| long((0x0009, 0x1001), b"UN", UNDEFINED, inside);
    let cases: Vec<(Vec<u8>, usize, &str)> = vec![
        (b"\x08".to_vec(), 0, super::CUT),
        (b"\x08\x00\x60\x00OB\0\0\x02\0\0".to_vec(), 0, super::CUT),
        (b"\x08\x00\x60\x00CS\xC8\x00CT".to_vec(), 0, super::BEYOND),
        (
            long((8, 0x60), b"UT", UNDEFINED - 1, b"CT"),
            0,
            super::BEYOND,
        ),
        (head(ITEM_END, 0), 0, super::NO_ELEMENT),
        (head(SEQUENCE_END, 0), 0, super::NO_ELEMENT),
        (sequence(8, &good), 12, super::NO_ITEM),
        (sequence(UNDEFINED, &[]), 12, super::CUT),
        (sequence(UNDEFINED, &delimited(&[])), 28, super::CUT),
        (
            sequence(UNDEFINED, &head(ITEM, UNDEFINED)),
            20,
            super::NO_END,
        ),
        (sequence(8, &head(ITEM, 2)), 12, super::BEYOND),
        (sequence(20, &measured(&[])), 0, super::BEYOND),
        (unknown(&items(&[measured(&[1, 2, 3, 4])])), 20, super::CUT),
        (
            unknown(&items(&[measured(b"garbage in it")])),
            20,
            super::BEYOND,
        ),
        (unknown(&measured(&text)), 30, super::CUT),
        (
            unknown(&items(&[delimited(&head(ITEM, 0))])),
            20,
            super::NO_ELEMENT,
        ),
        (long((8, 0), b"SQ", 0, &[]), 0, super::NO_SEQUENCE),
        (
            long((8, 0), b"UN", UNDEFINED, &items(&[])),
            0,
            super::NO_SEQUENCE,
        ),
        (long((0x7FE0, 0x10), b"SQ", 0, &[]), 0, super::NO_SEQUENCE),
        (
            long((0x7FE0, 0x10), b"UN", UNDEFINED, &items(&[])),
            0,
            super::COMPRESSED,
        ),
        (
            unknown(&items(&[delimited(&head((8, 0), UNDEFINED))])),
            20,
            super::NO_SEQUENCE,
        ),
        (unknown(&text), 12, super::NO_ITEM),
    ];
    for (bad, at, why) in cases {
        let error = Malformed { at, why };
        assert_eq!(explicit_to_implicit(&bad), Err(error), "{bad:x?}");
        let later = [&good[..], &bad].concat();
        let at = at + good.len();
        assert_eq!(explicit_to_implicit(&later), Err(Malformed { at, why }));
    }
}

#[test]
fn depth_is_bounded() {
    for lengths in [Lengths::Defined, Lengths::Undefined] {
        assert!(explicit_to_implicit(&tower(lengths, 64)).is_ok());
        let error = explicit_to_implicit(&tower(lengths, 65)).unwrap_err();
        assert_eq!(error.why, super::TOO_DEEP);
    }
    // Nobody has to close what is nested a million times.
    let explicit = long((0x0040, 0xA730), b"SQ", UNDEFINED, &head(ITEM, UNDEFINED));
    let error = explicit_to_implicit(&explicit.repeat(1_000_000)).unwrap_err();
    assert_eq!(error.why, super::TOO_DEEP);
    let inside = [head(ITEM, UNDEFINED), head((0x0040, 0xA730), UNDEFINED)].concat();
    let unknown = long(
        (0x0009, 0x1001),
        b"UN",
        UNDEFINED,
        &inside.repeat(1_000_000),
    );
    let error = explicit_to_implicit(&unknown).unwrap_err();
    assert_eq!(error.why, super::TOO_DEEP);
}

#[test]
fn memory_is_no_more_than_needed() {
    let item = measured(b"\x08\x00\x00\x01SH\x02\x00A ").repeat(1_000);
    let length = u32::try_from(item.len()).unwrap();
    let mut data_set = long((0x5200, 0x9230), b"SQ", length, &item);
    data_set.extend(long((0x7FE0, 0x0010), b"OW", 1 << 20, &[7; 1 << 20]));
    data_set.extend(long((0xFFFC, 0xFFFC), b"OB", 100, &[0; 100]));
    let converted = explicit_to_implicit(&data_set).unwrap();
    assert!(converted.len() > data_set.len());
    assert!(converted.capacity() < converted.len() + 100);
    let empty = measured(&[]).repeat(100_000);
    let length = u32::try_from(empty.len()).unwrap();
    let data_set = long((0x0040, 0xA730), b"SQ", length, &empty);
    let converted = explicit_to_implicit(&data_set).unwrap();
    assert!(converted.len() <= 2 * data_set.len());
}

/// Damaged in places that matter as often as in others.
fn damage(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.usize(1..5) {
        if bytes.is_empty() {
            return;
        }
        let at = random.usize(0..bytes.len());
        match random.u8(0..8) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << random.u8(0..8),
            2 => bytes[at] = [0, 1, 2, 8, 0xFE, 0xFF][random.usize(0..6)],
            3 => drop(bytes.remove(at)),
            4 => bytes.insert(at, random.u8(..)),
            5 => {
                let with: &[u8] = [&b"SQ"[..], b"UN", b"OB", b"ZZ", b"??", &[0xFF; 4], &[0; 4]]
                    [random.usize(0..7)];
                let end = bytes.len().min(at + with.len());
                bytes[at..end].copy_from_slice(&with[..end - at]);
            }
            6 => {
                let tags = [ITEM, ITEM_END, SEQUENCE_END, (0x7FE0, 0x0010)];
                let with = head(tags[random.usize(0..4)], 0);
                bytes.splice(at..at, with);
            }
            _ => bytes[at] = random.u8(..),
        }
    }
}

#[test]
fn damaged_data_sets_are_refused_or_converted_like_any_other() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let fine: Vec<Vec<u8>> = [Lengths::Defined, Lengths::Undefined]
        .into_iter()
        .flat_map(|lengths| {
            let whole = nested(lengths, 2).sequence(
                (0x0040, 0xA168),
                other(lengths),
                &[nested(lengths, 1)],
            );
            let mut mixed = nested(lengths, 1).encode();
            mixed.extend(long(
                (0x0041, 0x1001),
                b"UN",
                UNDEFINED,
                &unknown_sequence(),
            ));
            mixed.extend(long((0x0043, 0x1001), b"OW", 4, &[1, 2, 3, 4]));
            [whole.encode(), mixed]
        })
        .collect();
    let compare = |data_set: &[u8]| {
        let ours = explicit_to_implicit(data_set);
        let theirs = model::convert(data_set);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours, theirs, "{data_set:x?}");
                assert!(ours.len() <= 2 * data_set.len());
                model::check(data_set, ours);
            }
            (Err(error), Err(_)) => assert!(error.at <= data_set.len()),
            _ => panic!("{ours:?} and {theirs:?} for {data_set:x?}"),
        }
        ours.is_ok()
    };
    for data_set in &fine {
        assert!(compare(data_set));
        for end in 0..data_set.len() {
            compare(&data_set[..end]);
        }
    }
    let mut converted = 0;
    for round in 0..40_000 {
        let mut broken = fine[round % fine.len()].clone();
        damage(&mut random, &mut broken);
        converted += usize::from(compare(&broken));
    }
    assert!(converted > 1_000, "{converted}");
    println!("{converted} of 40000 converted");
}
