//! DICOM files (PS3.10 7.1): what their meta information says, and where their data set begins.
//!
//! Invariants:
//! - The data set is everything behind the meta information, byte for byte.
//! - No length in the file is believed unchecked, the group length not at all: writers get it wrong.
//! - What is answered can go into a network message: UIDs are UIDs.

use super::contexts::{EXPLICIT_VR_LE, IMPLICIT_VR_LE};

const PREAMBLE: usize = 128;
/// With a header of twelve bytes, the length in the last four (PS3.5 7.1.2).
const LONG: [&[u8; 2]; 13] = [
    b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV",
];

/// A DICOM file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part10<'a> {
    pub sop_class_uid: &'a str,
    pub sop_instance_uid: &'a str,
    pub transfer_syntax: &'a str,
    pub data_set: &'a [u8],
}

/// Why a file cannot be read, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored file is not as PS3.10 wants it: {0}")]
pub struct NotPart10(&'static str);

impl Part10<'_> {
    /// Reads the meta information; the rest is not looked at, unless it has the SOP class or instance that is missing there.
    pub fn parse(file: &[u8]) -> Result<Part10<'_>, NotPart10> {
        let meta = file
            .get(PREAMBLE..)
            .and_then(|rest| rest.strip_prefix(b"DICM"))
            .ok_or(NotPart10("it does not begin with a preamble and DICM"))?;
        let mut rest = meta;
        let (mut class, mut instance, mut syntax) = (None, None, None);
        while rest.starts_with(&[2, 0]) {
            let (element, value, next) =
                explicit(rest).ok_or(NotPart10("its meta information is damaged"))?;
            match element {
                0x0002 => class = uid(value),
                0x0003 => instance = uid(value),
                0x0010 => syntax = uid(value),
                _ => {}
            }
            rest = next;
        }
        let syntax = syntax.ok_or(NotPart10("it names no transfer syntax"))?;
        if class.is_none() || instance.is_none() {
            let (found, named) = in_data_set(rest, syntax);
            class = class.or(found);
            instance = instance.or(named);
        }
        Ok(Part10 {
            sop_class_uid: class.ok_or(NotPart10("it names no SOP class"))?,
            sop_instance_uid: instance.ok_or(NotPart10("it names no SOP instance"))?,
            transfer_syntax: syntax,
            data_set: rest,
        })
    }
}

/// The first element in Explicit VR Little Endian: its number in its group, its value, and what follows it.
fn explicit(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let element = u16::from_le_bytes([head[2], head[3]]);
    let vr = [head[4], head[5]];
    let (length, rest) = if LONG.contains(&&vr) {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        (u32::from_le_bytes(*length) as usize, rest)
    } else {
        (usize::from(u16::from_le_bytes([head[6], head[7]])), rest)
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((element, value, rest))
}

/// SOP Class UID and SOP Instance UID (0008,0016), (0008,0018), where they stand at the beginning of the data set.
fn in_data_set<'a>(data_set: &'a [u8], syntax: &str) -> (Option<&'a str>, Option<&'a str>) {
    let (mut class, mut instance) = (None, None);
    let mut rest = data_set;
    while rest.starts_with(&[8, 0]) {
        let first = match syntax {
            IMPLICIT_VR_LE => implicit(rest),
            // What is compressed has Explicit VR Little Endian elements (PS3.5 A.4).
            _ if syntax == EXPLICIT_VR_LE || syntax.starts_with("1.2.840.10008.1.2.4.") => {
                explicit(rest)
            }
            _ => None,
        };
        let Some((element, value, next)) = first else {
            break;
        };
        match element {
            0x0016 => class = uid(value),
            0x0018 => instance = uid(value),
            _ => {}
        }
        rest = next;
    }
    (class, instance)
}

fn implicit(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let element = u16::from_le_bytes([head[2], head[3]]);
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((element, value, rest))
}

/// A UID without its padding (PS3.5 9.1); leading zeros of a component are let pass, as Orthanc does.
fn uid(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let text = text.trim_matches(['\0', ' ']);
    let valid = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    valid.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2, 0];
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(vr);
        if LONG.contains(&vr) {
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
        let data_set = [8, 0, 0x16, 0, b'U', b'I', 4, 0, b'9', b'.', b'9', 0];
        for length in [None, Some(0u32), Some(u32::MAX), Some(50)] {
            let mut all = meta();
            if let Some(length) = length {
                all.insert(0, element(0, b"UL", &length.to_le_bytes()));
            }
            let bytes = file(&all, &data_set);
            let read = Part10::parse(&bytes).unwrap();
            assert_eq!(read.sop_class_uid, "1.2.3");
            assert_eq!(read.sop_instance_uid, "1.2.3.4");
            assert_eq!(read.transfer_syntax, EXPLICIT_VR_LE);
            assert_eq!(read.data_set, data_set);
        }
    }

    #[test]
    fn what_the_meta_information_lacks_is_found_in_the_data_set() {
        let mut all = meta();
        all.drain(1..3);
        let data_set = [
            8, 0, 0x16, 0, b'U', b'I', 4, 0, b'9', b'.', b'9', 0, //
            8, 0, 0x18, 0, b'U', b'I', 4, 0, b'8', b'.', b'8', 0,
        ];
        let bytes = file(&all, &data_set);
        let read = Part10::parse(&bytes).unwrap();
        assert_eq!((read.sop_class_uid, read.sop_instance_uid), ("9.9", "8.8"));
        assert_eq!(read.data_set, data_set);
        let implicit = [
            8, 0, 0x16, 0, 4, 0, 0, 0, b'9', b'.', b'9', 0, //
            8, 0, 0x18, 0, 4, 0, 0, 0, b'8', b'.', b'8', 0,
        ];
        all[1] = element(0x0010, b"UI", b"1.2.840.10008.1.2\0");
        let bytes = file(&all, &implicit);
        let read = Part10::parse(&bytes).unwrap();
        assert_eq!((read.sop_class_uid, read.sop_instance_uid), ("9.9", "8.8"));
    }

    #[test]
    fn what_is_no_file_is_told() {
        assert!(Part10::parse(b"").is_err());
        assert!(Part10::parse(&[0; 200]).is_err());
        for missing in 1..4 {
            let mut all = meta();
            all.remove(missing);
            assert!(Part10::parse(&file(&all, &[])).is_err(), "{missing}");
        }
        for wrong in [&b"1.2.x\0"[..], b"", b"1.2\r\n", &[b'1'; 66]] {
            let mut all = meta();
            all[2] = element(0x0003, b"UI", wrong);
            assert!(Part10::parse(&file(&all, &[])).is_err(), "{wrong:?}");
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
}
