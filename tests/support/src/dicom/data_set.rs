//! A data set put together element by element, with sequences, in Explicit VR Little Endian.
//!
//! Invariant: elements are written in ascending order of their tags, each value padded to even length.

use std::collections::BTreeMap;

use super::file;
use super::{EXPLICIT_VR_LE, Sample};

/// How the end of a sequence and of its items is told (PS3.5 7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lengths {
    /// By their lengths.
    Defined,
    /// By delimitation items.
    Undefined,
}

/// A data set, or an item of a sequence, under construction.
#[derive(Debug, Clone, Default)]
pub struct DataSet {
    /// Whole elements, header included, by tag.
    elements: BTreeMap<(u16, u16), Vec<u8>>,
}

impl DataSet {
    /// Without any element.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an element to this text.
    #[must_use]
    pub fn text(self, tag: (u16, u16), vr: &str, text: &str) -> Self {
        self.bytes(tag, vr, text.as_bytes())
    }

    /// Sets an element to these bytes.
    #[must_use]
    pub fn bytes(self, tag: (u16, u16), vr: &str, value: &[u8]) -> Self {
        let mut out = Vec::with_capacity(value.len() + 13);
        file::write_element(&mut out, tag, vr, value);
        self.raw(tag, out)
    }

    /// Sets an element to these bytes, header included.
    #[must_use]
    pub fn raw(mut self, tag: (u16, u16), element: Vec<u8>) -> Self {
        self.elements.insert(tag, element);
        self
    }

    /// Sets an element to a sequence of these items.
    #[must_use]
    pub fn sequence(self, tag: (u16, u16), lengths: Lengths, items: &[Self]) -> Self {
        let mut value = Vec::new();
        for item in items {
            let item = item.encode();
            value.extend_from_slice(&[0xFE, 0xFF, 0x00, 0xE0]);
            match lengths {
                Lengths::Defined => {
                    let length = u32::try_from(item.len()).expect("a short item");
                    value.extend_from_slice(&length.to_le_bytes());
                    value.extend_from_slice(&item);
                }
                Lengths::Undefined => {
                    value.extend_from_slice(&[0xFF; 4]);
                    value.extend_from_slice(&item);
                    value.extend_from_slice(&[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
                }
            }
        }
        if lengths == Lengths::Defined {
            return self.bytes(tag, "SQ", &value);
        }
        let mut out = header(tag, *b"SQ");
        out.extend_from_slice(&value);
        out.extend_from_slice(&[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        self.raw(tag, out)
    }

    /// Sets Pixel Data to encapsulated frames, each of the given fragments; with a Basic Offset Table that is filled
    /// or empty (PS3.5 A.4). Fragments are padded with 0 to even length.
    #[must_use]
    pub fn fragments(self, frames: &[Vec<Vec<u8>>], offset_table: bool) -> Self {
        let mut offsets = Vec::new();
        let mut items = Vec::new();
        for frame in frames {
            let offset = u32::try_from(items.len()).expect("less than 4 GiB");
            offsets.extend_from_slice(&offset.to_le_bytes());
            for fragment in frame {
                items.extend_from_slice(&item(fragment));
            }
        }
        if !offset_table {
            offsets.clear();
        }
        let mut out = header((0x7FE0, 0x0010), *b"OB");
        out.extend_from_slice(&item(&offsets));
        out.extend_from_slice(&items);
        out.extend_from_slice(&[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        self.raw((0x7FE0, 0x0010), out)
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.elements.values().flatten().copied().collect()
    }

    /// As a DICOM file; UIDs of SOP class and instance are set in both places.
    #[must_use]
    pub fn into_sample(
        self,
        name: &str,
        transfer_syntax: &str,
        sop_class_uid: &str,
        sop_instance_uid: &str,
    ) -> Sample {
        let data_set = self
            .text((0x0008, 0x0016), "UI", sop_class_uid)
            .text((0x0008, 0x0018), "UI", sop_instance_uid)
            .encode();
        let mut bytes = Vec::with_capacity(data_set.len() + 512);
        file::write_meta(&mut bytes, sop_class_uid, sop_instance_uid, transfer_syntax);
        bytes.extend_from_slice(&data_set);
        Sample::from_file(name, bytes, transfer_syntax == EXPLICIT_VR_LE)
    }
}

/// The header of an element of undefined length.
fn header(tag: (u16, u16), vr: [u8; 2]) -> Vec<u8> {
    let mut out = Vec::with_capacity(12);
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
    out.extend_from_slice(&vr);
    out.extend_from_slice(&[0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    out
}

fn item(value: &[u8]) -> Vec<u8> {
    let mut out = vec![0xFE, 0xFF, 0x00, 0xE0];
    let length = value.len() + value.len() % 2;
    out.extend_from_slice(&u32::try_from(length).expect("a short item").to_le_bytes());
    out.extend_from_slice(value);
    out.resize(8 + length, 0);
    out
}
