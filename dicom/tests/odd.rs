//! What real files have and the standard does not want: taken as DCMTK takes it, written as the standard wants it, or
//! refused in words.

mod support;

use sendqueue_dicom::{DataSet, Element, Elements, Malformed, Piece, Tag, Vr, remove_signatures};
use support::{BIG, Content, DEFLATED, EXPLICIT, FORMS, IMPLICIT, JPEG, Set, bytes_of, inflated};
use support::{joined, parse};

const REQUEST: (u16, u16) = (0x0040, 0x0275);
const PIXELS: (u16, u16) = (0x7FE0, 0x0010);

fn code(value: &str) -> Set {
    Set::new().text((0x0008, 0x0100), "SH", value)
}

/// An element in Explicit VR Little Endian with a length that may not be true.
fn raw(tag: (u16, u16), vr: &[u8; 2], length: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
    if tag.0 == 0xFFFE {
        bytes.extend(length.to_le_bytes());
    } else if matches!(vr, b"SQ" | b"UN" | b"OB" | b"OW" | b"UT" | b"ZZ") {
        bytes.extend([vr[0], vr[1], 0, 0]);
        bytes.extend(length.to_le_bytes());
    } else {
        bytes.extend(vr);
        bytes.extend(u16::try_from(length).unwrap().to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

fn item(length: u32, inside: &[u8]) -> Vec<u8> {
    raw((0xFFFE, 0xE000), b"  ", length, inside)
}

fn end(element: u16) -> Vec<u8> {
    raw((0xFFFE, element), b"  ", 0, &[])
}

/// Items of all levels are written anew.
fn touch(elements: &mut Elements<'_>) -> Result<(), Malformed> {
    for element in elements.iter_mut() {
        for item in element.items_mut()?.into_iter().flatten() {
            touch(item)?;
        }
    }
    Ok(())
}

#[track_caller]
fn written(source: &[u8], syntax: &str) -> Vec<u8> {
    bytes_of(parse(source, syntax), source)
}

#[track_caller]
fn touched(source: &[u8], syntax: &str) -> Vec<u8> {
    let mut data = parse(source, syntax);
    touch(data.root_mut()).unwrap();
    bytes_of(data, source)
}

#[test]
fn odd_lengths_become_even() {
    for (form, vr, padding) in [
        (EXPLICIT, "LO", b' '),
        (EXPLICIT, "UI", 0),
        (EXPLICIT, "OB", 0),
        (EXPLICIT, "ZZ", 0),
        (EXPLICIT, "??", 0),
        (IMPLICIT, "LO", b' '),
        (BIG, "LO", b' '),
    ] {
        let tag = (0x0010, 0x0020);
        let set = |value: &[u8]| {
            Set::new()
                .bytes(tag, vr, value)
                .text((0x0020, 0x0010), "SH", "1")
        };
        let even = [b"ABC", &[padding][..]].concat();
        assert_eq!(
            written(&set(b"ABC").encode(form), form),
            set(&even).encode(form),
            "{form} {vr}"
        );
    }
    // In a sequence: it is written anew where it must be.
    let inner = raw((0x0008, 0x0100), b"SH", 3, b"ABC");
    let sequence = raw(REQUEST, b"SQ", 8 + 11, &item(11, &inner));
    let even = Set::new()
        .items(REQUEST, false, &[code("ABC")])
        .encode(EXPLICIT);
    assert_eq!(written(&sequence, EXPLICIT), even);
}

#[test]
fn odd_pixels_become_even() {
    let set = |value: &[u8]| code("A").bytes(PIXELS, "OB", value);
    let source = set(&[1, 2, 3]).encode(EXPLICIT);
    let pieces = parse(&source, EXPLICIT).encode().unwrap();
    assert_eq!(
        joined(&pieces, &source),
        set(&[1, 2, 3, 0]).encode(EXPLICIT)
    );
    let kept = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Kept(range) if range.len() == 3));
    assert!(kept, "{pieces:?}");
    let fragments = |parts: &[&[u8]]| {
        let parts = parts.iter().map(|part| part.to_vec()).collect();
        code("A")
            .put(PIXELS, "OB", Content::Fragments(parts))
            .text((0xFFFC, 0xFFFC), "OB", "")
    };
    let odd = fragments(&[&[], &[1, 2, 3], &[4, 5], &[6]]).encode(JPEG);
    let even = fragments(&[&[], &[1, 2, 3, 0], &[4, 5], &[6, 0]]).encode(JPEG);
    assert_eq!(written(&odd, JPEG), even);
    assert_eq!(written(&even, JPEG), even);
    // With a table of offsets they would not be where it says.
    let odd = fragments(&[&[0; 4], &[1, 2, 3], &[4, 5]]).encode(JPEG);
    let why = parse(&odd, JPEG).encode().unwrap_err().to_string();
    assert_eq!(why, "(7fe0,0010): a fragment of it has an odd length");
}

#[test]
fn what_is_there_twice_counts_as_it_stands_first() {
    for form in FORMS {
        let wrong = Set::new()
            .text((0x0010, 0x0020), "LO", "FIRST")
            .text((0x0008, 0x0050), "SH", "ACC")
            .text((0x0010, 0x0020), "LO", "SECOND");
        let right =
            Set::new()
                .text((0x0008, 0x0050), "SH", "ACC")
                .text((0x0010, 0x0020), "LO", "FIRST");
        let nested = |inside: &Set| Set::new().items(REQUEST, true, std::slice::from_ref(inside));
        assert_eq!(
            written(&wrong.encode(form), form),
            right.encode(form),
            "{form}"
        );
        let (wrong, right) = (nested(&wrong).encode(form), nested(&right).encode(form));
        assert_eq!(touched(&wrong, form), right, "{form}");
        // Nobody looked: byte for byte.
        assert_eq!(written(&wrong, form), wrong, "{form}");
        // Gone is gone, however often it was there.
        let mut data = parse(&wrong, form);
        let sequence = data.root_mut().get_mut(Tag(REQUEST.0, REQUEST.1)).unwrap();
        sequence.items_mut().unwrap().unwrap()[0].remove(Tag::PATIENT_ID);
        let after = inflated(bytes_of(data, &wrong), form);
        for value in [&b"FIRST"[..], b"SECOND"] {
            assert!(
                !after.windows(value.len()).any(|bytes| bytes == value),
                "{form}"
            );
        }
    }
}

#[test]
fn what_is_no_part_of_a_data_set_goes() {
    for form in FORMS {
        let wrong = Set::new()
            .bytes((0x0008, 0x0000), "UL", &[9, 0, 0, 0])
            .text((0x0008, 0x0050), "SH", "ACC")
            .text((0x0002, 0x0010), "UI", "1.2.3")
            .bytes((0x0000, 0x0002), "UI", b"");
        let right = Set::new().text((0x0008, 0x0050), "SH", "ACC");
        assert_eq!(
            written(&wrong.encode(form), form),
            right.encode(form),
            "{form}"
        );
    }
    // Zeros behind the end look like group lengths, to DCMTK too.
    let source = [code("A").encode(EXPLICIT), vec![0; 512]].concat();
    assert_eq!(written(&source, EXPLICIT), code("A").encode(EXPLICIT));
}

#[test]
fn a_delimiter_at_a_known_end_is_none() {
    let plain = code("A").encode(EXPLICIT);
    let even = Set::new()
        .items(REQUEST, false, &[code("A")])
        .encode(EXPLICIT);
    let inside = [plain.clone(), end(0xE00D)].concat();
    let length = inside.len() as u32;
    let sequence = raw(REQUEST, b"SQ", length + 8, &item(length, &inside));
    assert_eq!(touched(&sequence, EXPLICIT), even);
    let items = [item(plain.len() as u32, &plain), end(0xE0DD)].concat();
    let sequence = raw(REQUEST, b"SQ", items.len() as u32, &items);
    assert_eq!(touched(&sequence, EXPLICIT), even);
    assert_eq!(written(&sequence, EXPLICIT), sequence);
}

#[test]
fn a_value_longer_than_its_vr_can_tell_is_unknown() {
    // PS3.5 6.2.2: 2^16 - 2 is the longest even length.
    for (length, vr) in [(65534, "US"), (65536, "UN")] {
        let mut data = parse(&[], EXPLICIT);
        data.root_mut()
            .set(Tag(0x0028, 0x0010), Vr::US, vec![1; length]);
        let expected = Set::new().bytes((0x0028, 0x0010), vr, &vec![1; length]);
        assert_eq!(bytes_of(data, &[]), expected.encode(EXPLICIT));
        let mut data = parse(&[], IMPLICIT);
        data.root_mut()
            .set(Tag(0x0028, 0x0010), Vr::US, vec![1; length]);
        assert_eq!(bytes_of(data, &[]), expected.encode(IMPLICIT));
    }
    let mut data = parse(&[], BIG);
    data.root_mut()
        .set(Tag(0x0028, 0x0010), Vr::US, vec![1; 65536]);
    let why = data.encode().unwrap_err().to_string();
    assert_eq!(why, "(0028,0010): its value is longer than its VR can tell");
}

#[test]
fn sequences_that_no_header_tells_of() {
    let items = |open| Content::Items(open, vec![(open, code("NESTED")), (true, Set::new())]);
    for form in FORMS {
        for (tag, vr) in [
            ((0x0009, 0x1001), "UN"),
            (REQUEST, "UN"),
            ((0x0008, 0x1140), "SQ"),
        ] {
            for open in [true, false] {
                let source = Set::new().put(tag, vr, items(open)).encode(form);
                let mut data = parse(&source, form);
                let element = data.root_mut().get_mut(Tag(tag.0, tag.1)).unwrap();
                assert_eq!(element.bytes(), None);
                let inside = element.items_mut().unwrap().expect("a sequence");
                assert_eq!(inside.len(), 2, "{form} {tag:?}");
                assert_eq!(inside[0].get(Tag(0x0008, 0x0100)).unwrap().vr(), Vr::SH);
                assert_eq!(bytes_of(data, &source), source, "{form} {tag:?}");
            }
        }
        // What only begins like one is a value.
        for value in [
            &b"\xFE\xFF\0\xE0\x02\0\0\0AB"[..],
            b"\xFE\xFF\0\xE0\xFF\0\0\0AB",
            b"",
            b"AB",
        ] {
            let source = Set::new().bytes((0x0009, 0x1001), "UN", value).encode(form);
            let data = parse(&source, form);
            let element = data.root().get(Tag(0x0009, 0x1001)).unwrap();
            assert_eq!(element.bytes(), Some(value), "{form}");
            assert!(element.items().unwrap().is_none());
            assert_eq!(bytes_of(data, &source), source, "{form}");
        }
    }
}

#[test]
fn a_damaged_sequence_is_an_error_only_for_who_looks() {
    let damaged = [
        raw(REQUEST, b"SQ", 10, &raw((0x0008, 0x0100), b"SH", 2, b"AB")),
        raw(
            REQUEST,
            b"SQ",
            18,
            &item(100, &raw((0x0008, 0x0100), b"SH", 2, b"AB")),
        ),
        raw(
            REQUEST,
            b"SQ",
            18,
            &item(10, &raw((0x0008, 0x0100), b"SH", 4, b"AB")),
        ),
        raw(REQUEST, b"SQ", 8, &item(u32::MAX, b"")),
    ];
    for source in damaged {
        let data = parse(&source, EXPLICIT);
        assert_eq!(bytes_of(data.clone(), &source), source);
        let element = data.root().get(Tag(REQUEST.0, REQUEST.1)).unwrap();
        let why = element.items().unwrap_err().to_string();
        assert!(why.starts_with("at byte "), "{why}");
        let mut data = data;
        assert!(touch(data.root_mut()).is_err());
    }
}

#[test]
fn what_is_no_data_set_is_refused_with_its_place() {
    let good = code("AB").encode(EXPLICIT);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"\x08".to_vec(), "a header that is cut off"),
        (
            raw((0x0010, 0x0020), b"LO", 9, b"AB"),
            "a length that goes beyond the end",
        ),
        (
            raw((0x0010, 0x0020), b"UT", u32::MAX, b"AB"),
            "an undefined length of what is no sequence",
        ),
        (
            raw(REQUEST, b"SQ", u32::MAX, &item(u32::MAX, b"")),
            "an item without its end",
        ),
        (end(0xE0DD), "a delimiter where an element must be"),
        (
            [end(0xE00D), good.clone()].concat(),
            "a delimiter where an element must be",
        ),
        (
            raw((0x0010, 0), b"SQ", 0, b""),
            "a sequence where none can be",
        ),
        (raw(PIXELS, b"SQ", 0, b""), "a sequence where none can be"),
        (
            raw(PIXELS, b"OB", u32::MAX, &item(u32::MAX, b"")),
            "something else than a fragment of pixel data",
        ),
        (
            raw(PIXELS, b"OB", u32::MAX, &item(2, b"AB")),
            "a header that is cut off",
        ),
    ];
    for (bad, why) in cases {
        let source = [good.clone(), bad].concat();
        let error = DataSet::parse(&source, EXPLICIT).unwrap_err().to_string();
        assert!(
            error.starts_with("at byte ") && error.ends_with(why),
            "{why}: {error}"
        );
    }
    let error = DataSet::parse(b"what is not deflated", DEFLATED)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "it cannot be inflated");
    let compressed = Set::new().put(PIXELS, "OB", Content::Fragments(vec![vec![]]));
    let error = DataSet::parse(&compressed.encode(IMPLICIT), IMPLICIT).unwrap_err();
    assert!(
        error.to_string().contains("compressed pixel data"),
        "{error}"
    );
}

/// 300 MB of zeros have some 300 KB.
#[test]
fn what_inflates_without_end_is_refused() {
    let zeros = vec![0; 300 << 20];
    let bomb = miniz_oxide::deflate::compress_to_vec(&zeros, 1);
    drop(zeros);
    assert!(bomb.len() < 4 << 20);
    let error = DataSet::parse(&bomb, DEFLATED).unwrap_err().to_string();
    assert_eq!(error, "inflated it has more than 256 MB");
}

#[test]
fn depth_is_bounded() {
    let tower = |height, open| {
        let leaf = code("LEAF");
        (0..height).fold(leaf, |inner, _| Set::new().items(REQUEST, open, &[inner]))
    };
    for form in FORMS {
        for open in [true, false] {
            let source = tower(64, open).encode(form);
            assert_eq!(touched(&source, form), source, "{form} {open}");
            let source = tower(66, open).encode(form);
            let mut data = match DataSet::parse(&source, form) {
                Ok(data) => data,
                Err(error) => {
                    assert!(open && error.to_string().contains("nested too deeply"));
                    continue;
                }
            };
            let error = touch(data.root_mut()).unwrap_err().to_string();
            assert!(error.contains("nested too deeply"), "{form}: {error}");
        }
    }
    // Nobody has to close what is nested a hundred thousand times.
    let open = raw(REQUEST, b"SQ", u32::MAX, &item(u32::MAX, b"")).repeat(100_000);
    assert!(DataSet::parse(&open, EXPLICIT).is_err());
}

#[test]
fn large_values_and_pixels_are_not_copied() {
    let large = vec![7; 64 * 1024];
    let nested = Set::new().items(
        REQUEST,
        true,
        &[Set::new().bytes((0x0042, 0x0011), "OB", &large)],
    );
    let source = nested
        .bytes((0x0054, 0x0010), "OW", &large)
        .bytes(PIXELS, "OW", &[1, 2]);
    let source = source.encode(EXPLICIT);
    let mut data = parse(&source, EXPLICIT);
    touch(data.root_mut()).unwrap();
    let pieces = data.encode().unwrap();
    let copied: usize = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Made(bytes) => bytes.len(),
            Piece::Kept(_) => 0,
        })
        .sum();
    assert_eq!(copied, source.len() - 2 * large.len() - 2);
    assert_eq!(joined(&pieces, &source), source);
}

#[test]
fn what_was_taken_from_one_data_set_is_right_in_another() {
    let numbers = Set::new().bytes((0x0028, 0x0010), "US", &[1, 2]).bytes(
        (0x0028, 0x1052),
        "FD",
        &[1, 2, 3, 4, 5, 6, 7, 8],
    );
    let whole = numbers
        .clone()
        .items(REQUEST, true, &[numbers.clone(), code("X")]);
    let source = whole.encode(BIG);
    for form in FORMS {
        let target = Set::new().text((0x0010, 0x0020), "LO", "1").encode(form);
        let taken: Vec<Element> = parse(&source, BIG).root().iter().cloned().collect();
        let mut data = parse(&target, form);
        for element in &taken {
            data.root_mut().insert(element.clone());
        }
        let after = bytes_of(data, &target);
        let mut expected = Set::new().text((0x0010, 0x0020), "LO", "1");
        expected.0.extend(whole.0.clone());
        assert_eq!(after, expected.encode(form), "{form}");
    }
}

#[test]
fn signatures_go_at_every_level_but_from_history() {
    const SIGNATURES: (u16, u16) = (0xFFFA, 0xFFFA);
    let signature = || Set::new().items(SIGNATURES, true, &[code("SIGN")]);
    let build = |signed: bool| {
        let with = |set: Set| {
            if signed {
                set.items(SIGNATURES, true, &[code("SIGN")])
            } else {
                set
            }
        };
        let deep = Set::new().items(REQUEST, false, &[with(code("IN")), code("OTHER")]);
        with(
            deep.put(
                (0x0041, 0x1001),
                "UN",
                Content::Items(true, vec![(false, with(code("PRIVATE")))]),
            )
            .items((0x0400, 0x0561), true, &[signature()])
            .bytes(PIXELS, "OW", &[0; 32]),
        )
    };
    for form in FORMS {
        let source = build(true).encode(form);
        let mut data = parse(&source, form);
        assert_eq!(remove_signatures(data.root_mut()), Ok(3), "{form}");
        assert_eq!(bytes_of(data, &source), build(false).encode(form), "{form}");
    }
}
