//! The headers of elements, items and delimiters (PS3.5 7.1, 7.5).
//!
//! A header is as long as DCMTK takes it to be, with which Orthanc read the file.

use crate::Tag;

/// A length that is not told: up to a delimiter.
pub const UNDEFINED: u32 = u32::MAX;
/// What stands for the VR where none is written.
pub(crate) const NO_VR: [u8; 2] = [0; 2];

/// How elements are encoded (PS3.5 A.1 to A.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

impl Form {
    /// That of a transfer syntax. All others are explicit little endian, what is compressed included (PS3.5 A.4).
    #[must_use]
    pub fn of(transfer_syntax: &str) -> Form {
        match transfer_syntax {
            "1.2.840.10008.1.2" => Form::ImplicitLittle,
            "1.2.840.10008.1.2.2" => Form::ExplicitBig,
            _ => Form::ExplicitLittle,
        }
    }

    #[must_use]
    pub fn is_explicit(self) -> bool {
        self != Form::ImplicitLittle
    }

    #[must_use]
    pub fn is_big(self) -> bool {
        self == Form::ExplicitBig
    }

    fn short(self, bytes: [u8; 2]) -> u16 {
        if self.is_big() {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    fn long(self, bytes: [u8; 4]) -> u32 {
        if self.is_big() {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    pub(crate) fn short_bytes(self, value: u16) -> [u8; 2] {
        if self.is_big() {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    pub(crate) fn long_bytes(self, value: u32) -> [u8; 4] {
        if self.is_big() {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }
}

/// The beginning of an element, of an item, or a delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub tag: Tag,
    /// As written; NUL where there is none.
    pub vr: [u8; 2],
    pub length: u32,
    /// Of the header itself, in bytes.
    pub size: usize,
}

impl Head {
    /// The one that the bytes begin with; `None` where it is cut off.
    #[must_use]
    pub fn read(bytes: &[u8], form: Form) -> Option<Head> {
        let ([g0, g1, e0, e1, length @ ..], rest) = bytes.split_first_chunk::<8>()?;
        let tag = Tag(form.short([*g0, *g1]), form.short([*e0, *e1]));
        if !form.is_explicit() || tag.is_delimiter() {
            return Some(Head {
                tag,
                vr: NO_VR,
                length: form.long(*length),
                size: 8,
            });
        }
        let [v0, v1, l0, l1] = *length;
        let vr = [v0, v1];
        let (length, size) = if has_long_form(vr) {
            (form.long(*rest.first_chunk()?), 12)
        } else {
            (u32::from(form.short([l0, l1])), 8)
        };
        Some(Head {
            tag,
            vr,
            length,
            size,
        })
    }
}

/// Whether an element's length has four bytes, behind two reserved ones, in the explicit form.
///
/// PS3.5 7.1.2 lists the VRs with two bytes and gives four to all others, those of the future included. DCMTK does the
/// same with whatever is two capital letters; what old devices wrote there instead (`??`, spaces, NUL) has two
/// (`DcmVR::setVR`).
#[must_use]
pub fn has_long_form(vr: [u8; 2]) -> bool {
    let short = matches!(
        &vr,
        b"AE"
            | b"AS"
            | b"AT"
            | b"CS"
            | b"DA"
            | b"DS"
            | b"DT"
            | b"FD"
            | b"FL"
            | b"IS"
            | b"LO"
            | b"LT"
            | b"PN"
            | b"SH"
            | b"SL"
            | b"SS"
            | b"ST"
            | b"TM"
            | b"UI"
            | b"UL"
            | b"US"
    );
    !short && vr.iter().all(u8::is_ascii_uppercase)
}
