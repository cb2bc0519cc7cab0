//! DICOM files (PS3.10 7.1): their transfer syntax, and where their data set begins; and how one is written.
//!
//! Invariants:
//! - The data set is everything behind the meta information, byte for byte.
//! - No length in the file is believed unchecked, the group length (0002,0000) not at all: writers get it wrong.
//! - What is answered can go into a network message: UIDs are UIDs.
//! - SOP class and instance are those of the data set, as far as it can be read without a dictionary: it is what a
//!   receiver stores, and Orthanc goes by it alone, both for its index and for C-STORE requests. Those of the meta
//!   information are often left over from another instance: of them only Media Storage SOP Class UID is told, for a
//!   data set that has none.
//! - An element that is there twice counts as it stands first, as for DCMTK: so with two meta headers.
//! - Reading allocates nothing, and of the data set reads no more than its first elements; [`parents`] those before its
//!   series.

use sendqueue_dicom::Tag;
use sendqueue_dicom::head::{Form, Head, UNDEFINED, has_long_form};
use sendqueue_dicom::walk::first_values;

use super::association::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION};
use super::contexts::Kind;

const PREAMBLE: usize = 128;
const MEDIA_STORAGE_SOP_CLASS: Tag = Tag(0x0002, 0x0002);
const TRANSFER_SYNTAX: Tag = Tag(0x0002, 0x0010);

/// A DICOM file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part10<'a> {
    /// Of the data set; `None` where it cannot be read (deflated, damaged) or has none.
    pub sop_class_uid: Option<&'a str>,
    /// The same of (0008,0018).
    pub sop_instance_uid: Option<&'a str>,
    /// Media Storage SOP Class UID (0002,0002), if it is a UID.
    pub media_storage_sop_class_uid: Option<&'a str>,
    pub transfer_syntax: &'a str,
    pub data_set: &'a [u8],
}

/// Why a file cannot be read, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored file is not as PS3.10 wants it: {0}")]
pub struct NotPart10(&'static str);

impl Part10<'_> {
    /// Reads the meta information, and SOP class and instance at the beginning of the data set.
    pub fn parse(file: &[u8]) -> Result<Part10<'_>, NotPart10> {
        let mut rest = file
            .get(PREAMBLE..)
            .and_then(|rest| rest.strip_prefix(b"DICM"))
            .ok_or(NotPart10("it does not begin with a preamble and DICM"))?;
        let (mut media_class, mut syntax) = (None, None);
        while rest.starts_with(&[2, 0]) {
            let element = first(rest, Form::ExplicitLittle)
                .ok_or(NotPart10("its meta information is damaged"))?;
            match element.tag {
                MEDIA_STORAGE_SOP_CLASS => media_class = media_class.or(Some(element.value)),
                TRANSFER_SYNTAX => syntax = syntax.or(Some(element.value)),
                _ => {}
            }
            rest = element.rest;
        }
        let syntax = syntax
            .and_then(uid)
            .ok_or(NotPart10("it names no valid transfer syntax"))?;
        let (class, instance) = in_data_set(rest, syntax);
        let valid = |value: Option<_>, what| match value {
            Some(value) => uid(value).map(Some).ok_or(NotPart10(what)),
            None => Ok(None),
        };
        Ok(Part10 {
            sop_class_uid: valid(class, "its SOP class is no valid UID")?,
            sop_instance_uid: valid(instance, "its SOP instance UID is no valid UID")?,
            media_storage_sop_class_uid: media_class.and_then(uid),
            transfer_syntax: syntax,
            data_set: rest,
        })
    }
}

struct Element<'a> {
    tag: Tag,
    value: &'a [u8],
    /// What follows it.
    rest: &'a [u8],
}

/// The first element, if its length is defined.
fn first(bytes: &[u8], form: Form) -> Option<Element<'_>> {
    let head = Head::read(bytes, form).filter(|head| head.length != UNDEFINED)?;
    let (value, rest) = bytes[head.size..].split_at_checked(head.length as usize)?;
    Some(Element {
        tag: head.tag,
        value,
        rest,
    })
}

/// SOP Class UID and SOP Instance UID (PS3.3 C.12.1), where they are there and not empty. A deflated data set has
/// nothing in this form at its beginning.
pub(super) fn in_data_set<'a>(
    data_set: &'a [u8],
    syntax: &str,
) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let (mut class, mut instance) = (None, None);
    let form = Form::of(syntax);
    let mut rest = data_set;
    let mut last = None;
    loop {
        // Tags ascend (PS3.5 7.1): what does not is no data set, and could be long.
        let next = |tag| tag <= Tag::SOP_INSTANCE_UID && Some(tag) > last;
        let Some(element) = first(rest, form).filter(|element| next(element.tag)) else {
            return (class, instance);
        };
        last = Some(element.tag);
        let value = (!element.value.is_empty()).then_some(element.value);
        match element.tag {
            Tag::SOP_CLASS_UID => class = value,
            Tag::SOP_INSTANCE_UID => instance = value,
            _ => {}
        }
        rest = element.rest;
    }
}

/// Study Instance UID and Series Instance UID, where they can be read.
pub(super) fn parents<'a>(data_set: &'a [u8], syntax: &str) -> (Option<&'a str>, Option<&'a str>) {
    let tags = [Tag::STUDY_INSTANCE_UID, Tag::SERIES_INSTANCE_UID];
    let [study, series] = first_values(data_set, Form::of(syntax), tags);
    (study.and_then(uid), series.and_then(uid))
}

/// A UID without its padding (PS3.5 9.1); leading zeros of a component are let pass, as Orthanc does.
pub fn uid(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let text = text.trim_matches(['\0', ' ']);
    let valid = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    valid.then_some(text)
}

/// A file with this data set, and meta information that fits (PS3.10 7.1).
pub fn file(kind: &Kind, sop_instance_uid: &str, data_set: &[&[u8]]) -> Vec<u8> {
    let mut meta = Vec::with_capacity(256);
    let mut put = |element: u16, vr: &[u8; 2], value: &[u8], padding: u8| {
        let odd = value.len() % 2;
        // UIDs have 64 bytes at most.
        let length = (value.len() + odd).min(usize::from(u16::MAX)) as u16;
        meta.extend_from_slice(&[2, 0]);
        meta.extend_from_slice(&element.to_le_bytes());
        meta.extend_from_slice(vr);
        if has_long_form(*vr) {
            meta.extend_from_slice(&[0, 0]);
            meta.extend_from_slice(&u32::from(length).to_le_bytes());
        } else {
            meta.extend_from_slice(&length.to_le_bytes());
        }
        meta.extend_from_slice(value);
        meta.extend(std::iter::repeat_n(padding, odd));
    };
    put(0x0001, b"OB", &[0, 1], 0);
    put(0x0002, b"UI", kind.sop_class.as_bytes(), 0);
    put(0x0003, b"UI", sop_instance_uid.as_bytes(), 0);
    put(0x0010, b"UI", kind.transfer_syntax.as_bytes(), 0);
    put(0x0012, b"UI", IMPLEMENTATION_CLASS_UID.as_bytes(), 0);
    put(0x0013, b"SH", IMPLEMENTATION_VERSION.as_bytes(), b' ');
    let size = u32::try_from(meta.len()).unwrap_or(u32::MAX);
    let length: usize = data_set.iter().map(|piece| piece.len()).sum();
    let mut file = Vec::with_capacity(PREAMBLE + 16 + meta.len() + length);
    file.resize(PREAMBLE, 0);
    file.extend_from_slice(b"DICM\x02\x00\x00\x00UL\x04\x00");
    file.extend_from_slice(&size.to_le_bytes());
    file.extend_from_slice(&meta);
    for piece in data_set {
        file.extend_from_slice(piece);
    }
    file
}

#[cfg(test)]
mod tests;
