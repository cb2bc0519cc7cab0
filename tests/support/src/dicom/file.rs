//! Writes the parts of a DICOM file.
//!
//! Invariant: every value is padded to even length; callers write elements in ascending order of their tags.

use std::sync::OnceLock;

/// A file of this data set.
#[must_use]
pub fn part10_file(
    sop_class_uid: &str,
    sop_instance_uid: &str,
    transfer_syntax: &str,
    data_set: &[u8],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(data_set.len() + 512);
    write_meta(&mut out, sop_class_uid, sop_instance_uid, transfer_syntax);
    out.extend_from_slice(data_set);
    out
}

/// Preamble, prefix, file meta information (PS3.10 7.1).
pub(super) fn write_meta(
    out: &mut Vec<u8>,
    sop_class_uid: &str,
    sop_instance_uid: &str,
    transfer_syntax: &str,
) {
    out.resize(128, 0);
    out.extend_from_slice(b"DICM");
    write_group_2(out, sop_class_uid, sop_instance_uid, transfer_syntax);
}

/// The elements of file meta information, with their group length.
pub(super) fn write_group_2(
    out: &mut Vec<u8>,
    sop_class_uid: &str,
    sop_instance_uid: &str,
    transfer_syntax: &str,
) {
    let mut meta = Vec::with_capacity(256);
    write_element(&mut meta, (0x0002, 0x0001), "OB", &[0, 1]);
    write_element(&mut meta, (0x0002, 0x0002), "UI", sop_class_uid.as_bytes());
    write_element(
        &mut meta,
        (0x0002, 0x0003),
        "UI",
        sop_instance_uid.as_bytes(),
    );
    write_element(
        &mut meta,
        (0x0002, 0x0010),
        "UI",
        transfer_syntax.as_bytes(),
    );
    write_element(
        &mut meta,
        (0x0002, 0x0012),
        "UI",
        b"2.25.187562840193322814705539214506771203462",
    );
    let length = u32::try_from(meta.len()).expect("a short header");
    write_element(out, (0x0002, 0x0000), "UL", &length.to_le_bytes());
    out.extend_from_slice(&meta);
}

/// Pixel Data (7FE0,0010): `length` bytes, native, or encapsulated in one fragment (PS3.5 A.4).
pub(super) fn write_pixels(out: &mut Vec<u8>, encapsulated: bool, bits: u16, length: usize) {
    let vr = if bits == 16 { b"OW" } else { b"OB" };
    out.extend_from_slice(&[0xE0, 0x7F, 0x10, 0x00]);
    let size = u32::try_from(length + length % 2).expect("less than 4 GiB of pixels");
    if !encapsulated {
        out.extend_from_slice(vr);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&size.to_le_bytes());
    } else {
        // Undefined length, an empty offset table, one fragment (PS3.5 A.4).
        out.extend_from_slice(b"OB\0\0\xFF\xFF\xFF\xFF");
        out.extend_from_slice(&[0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]);
        out.extend_from_slice(&[0xFE, 0xFF, 0x00, 0xE0]);
        out.extend_from_slice(&size.to_le_bytes());
    }
    let pattern = pattern();
    let mut left = size as usize;
    while left > 0 {
        let part = left.min(pattern.len());
        out.extend_from_slice(&pattern[..part]);
        left -= part;
    }
    if encapsulated {
        out.extend_from_slice(&[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    }
}

/// Explicit VR Little Endian (PS3.5 7.1.2); padded to even length.
pub(super) fn write_element(out: &mut Vec<u8>, tag: (u16, u16), vr: &str, value: &[u8]) {
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
    out.extend_from_slice(vr.as_bytes());
    let length = value.len() + value.len() % 2;
    let long = matches!(
        vr,
        "OB" | "OD" | "OF" | "OL" | "OV" | "OW" | "SQ" | "SV" | "UC" | "UN" | "UR" | "UT" | "UV"
    );
    if long {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&u32::try_from(length).expect("a short value").to_le_bytes());
    } else {
        out.extend_from_slice(&u16::try_from(length).expect("a short value").to_le_bytes());
    }
    out.extend_from_slice(value);
    if length > value.len() {
        let text = !matches!(vr, "UI" | "OB" | "UN");
        out.push(if text { b' ' } else { 0 });
    }
}

/// 64 KiB that compress a little and repeat without a visible seam: 12-bit ramps.
fn pattern() -> &'static [u8] {
    static PATTERN: OnceLock<Vec<u8>> = OnceLock::new();
    PATTERN.get_or_init(|| {
        (0..32_768u32)
            .flat_map(|i| {
                let value = (i.wrapping_mul(2_654_435_761) >> 24) + (i & 0x3FF);
                u16::try_from(value & 0xFFF).unwrap_or(0).to_le_bytes()
            })
            .collect()
    })
}
