//! `Compress` with `"Lossy": true`: an image is encoded, and says so.
//!
//! Invariants:
//! - What loses something is another instance (PS3.4 B.4.1.3): its SOP Instance UID follows from the original's and the
//!   transfer syntax alone, so that a retry, another node and another destination get the same one.
//! - It says what was done to it (PS3.3 C.7.6.1.1.5, C.12.4): DERIVED, which image it was, how it was derived, by which
//!   method and ratio, after all that was done to it before.
//! - What is stored in a lossy transfer syntax goes as it is: nothing is lost twice. What has no pixel data (7FE0,0010)
//!   is no image, and is never encoded.
//! - What Orthanc cannot encode so is not sent, nor what would mean something else then ([`super::scale`]).

use std::sync::Arc;

use orthanc_sdk::Host;
use ring::digest;
use sendqueue_dicom::{DataSet, Elements, Malformed, Tag, Vr};

use super::{Shared, scale};
use crate::config::compress::Compression;
use crate::item::Item;
use crate::transport::edited::{Edited, Editor, NotEdited, Stored};
use crate::transport::native::encode_lossily;

const IMAGE_TYPE: Tag = Tag(0x0008, 0x0008);
const REFERENCED_SOP_CLASS_UID: Tag = Tag(0x0008, 0x1150);
const REFERENCED_SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x1155);
const CODE_VALUE: Tag = Tag(0x0008, 0x0100);
const CODING_SCHEME: Tag = Tag(0x0008, 0x0102);
const CODE_MEANING: Tag = Tag(0x0008, 0x0104);
const DERIVATION_DESCRIPTION: Tag = Tag(0x0008, 0x2111);
const SOURCE_IMAGES: Tag = Tag(0x0008, 0x2112);
const DERIVATION_CODES: Tag = Tag(0x0008, 0x9215);
const PURPOSE_OF_REFERENCE: Tag = Tag(0x0040, 0xA170);
const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
const FRAMES: Tag = Tag(0x0028, 0x0008);
const ROWS: Tag = Tag(0x0028, 0x0010);
const COLUMNS: Tag = Tag(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag(0x0028, 0x0100);
const BITS_STORED: Tag = Tag(0x0028, 0x0101);
const LOSSY_IMAGE_COMPRESSION: Tag = Tag(0x0028, 0x2110);
const LOSSY_RATIO: Tag = Tag(0x0028, 0x2112);
const LOSSY_METHOD: Tag = Tag(0x0028, 0x2114);

/// Most characters of an ST (PS3.5 6.2).
const ST: usize = 1024;

/// Lossy transfer syntaxes (PS3.5 A.4, A.6 to A.10): those that can be asked for, and those that may be stored.
const LOSSY: [(&str, &str); 14] = [
    ("1.2.840.10008.1.2.4.50", "ISO_10918_1"),
    ("1.2.840.10008.1.2.4.51", "ISO_10918_1"),
    ("1.2.840.10008.1.2.4.81", "ISO_14495_1"),
    ("1.2.840.10008.1.2.4.91", "ISO_15444_1"),
    ("1.2.840.10008.1.2.4.93", "ISO_15444_2"),
    ("1.2.840.10008.1.2.4.95", "ISO_15444_9"),
    ("1.2.840.10008.1.2.4.100", "ISO_13818_2"),
    ("1.2.840.10008.1.2.4.101", "ISO_13818_2"),
    ("1.2.840.10008.1.2.4.102", "ISO_14496_10"),
    ("1.2.840.10008.1.2.4.103", "ISO_14496_10"),
    ("1.2.840.10008.1.2.4.104", "ISO_14496_10"),
    ("1.2.840.10008.1.2.4.107", "ISO_23008_2"),
    ("1.2.840.10008.1.2.4.108", "ISO_23008_2"),
    ("1.2.840.10008.1.2.4.203", "ISO_15444_15"),
];

/// Encodes images, before anything else is changed.
pub struct Compress {
    pub shared: Arc<Shared>,
    pub compression: Compression,
    /// What changes them further.
    pub then: Option<Arc<dyn Editor>>,
    /// Nothing is remembered: for a look.
    pub looks_only: bool,
}

impl Editor for Compress {
    fn edit(&self, item: &Item, stored: Stored) -> Result<Edited, NotEdited> {
        let Some((encoded, lossy)) = encode(self.shared.host, &stored, &self.compression)? else {
            return match &self.then {
                Some(then) => then.edit(item, stored),
                None => Ok(stored.unchanged()),
            };
        };
        // Twice it would be in memory for nothing.
        drop(stored);
        let pieces = {
            let mut data = parse(&encoded)?;
            lossy.mark(&mut data)?;
            // Should it come back, it is known. What changes it further says itself as what it leaves.
            if self.then.is_none() && !self.looks_only {
                let (shared, uid) = (&self.shared, Some(lossy.sop_instance_uid.as_str()));
                let now = shared.clock.now();
                (shared.told).tell(shared.outputs.as_ref(), item, data.root(), uid, now)?;
            }
            data.encode().map_err(damaged)?
        };
        let encoded = encoded.edited(pieces, lossy.sop_instance_uid)?;
        match &self.then {
            // What is encoded is small: a copy costs little.
            Some(then) => then.edit(item, encoded.into_stored()),
            None => Ok(encoded),
        }
    }

    /// As it is stored, as Orthanc reads it, without compression, and encoded.
    fn memory(&self, stored: u64) -> u64 {
        let then = self
            .then
            .as_ref()
            .map_or(stored, |then| then.memory(stored));
        match self.compression.lossy {
            true => then.max(stored.saturating_mul(4)),
            false => then,
        }
    }
}

/// What is to be said of an image that was encoded.
struct Lossy {
    sop_class_uid: String,
    original_uid: String,
    sop_instance_uid: String,
    /// Values as they were stored: codecs write there too, each in its own way.
    kept: [(Tag, Option<Vec<u8>>); 4],
    ratio: f64,
    method: &'static str,
}

/// Encodes an image; `None`: it goes as it is stored.
fn encode(
    host: Host,
    stored: &Stored,
    compression: &Compression,
) -> Result<Option<(Stored, Lossy)>, NotEdited> {
    if !compression.lossy || method(&stored.kind.transfer_syntax).is_some() {
        return Ok(None);
    }
    let syntax = compression.transfer_syntax;
    let data = parse(stored)?;
    let root = data.root();
    if root.get(Tag::PIXEL_DATA).is_none() {
        return Ok(None);
    }
    let cannot = |why: String| {
        NotEdited::coercion(format!(
            "Orthanc cannot encode the image in transfer syntax {syntax}: {why}"
        ))
    };
    let encoded = encode_lossily(host, stored, syntax)
        .map_err(|why| cannot(too_many_bits(root, syntax).unwrap_or(why)))?;
    let size = {
        let after = parse(&encoded)?;
        if let Some(why) = scale::differs(root, after.root(), syntax) {
            return Err(cannot(why));
        }
        encoded_size(after.root())
            .ok_or_else(|| cannot("what comes out has no compressed pixels".to_owned()))?
    };
    let lossy = Lossy {
        sop_class_uid: stored.kind.sop_class.clone(),
        sop_instance_uid: derived_uid(&stored.sop_instance_uid, syntax),
        original_uid: stored.sop_instance_uid.clone(),
        kept: [
            IMAGE_TYPE,
            DERIVATION_DESCRIPTION,
            LOSSY_RATIO,
            LOSSY_METHOD,
        ]
        .map(|tag| (tag, value(root, tag))),
        ratio: native_size(root) / size,
        method: method(syntax).unwrap_or_default(),
    };
    Ok(Some((encoded, lossy)))
}

fn parse(stored: &Stored) -> Result<DataSet<'_>, NotEdited> {
    DataSet::parse(stored.data_set(), &stored.kind.transfer_syntax).map_err(damaged)
}

fn damaged(why: Malformed) -> NotEdited {
    NotEdited::coercion(why.to_string())
}

impl Lossy {
    /// Makes the encoded data set say what it is.
    ///
    /// # Errors
    /// If it cannot.
    pub fn mark(&self, data: &mut DataSet<'_>) -> Result<(), NotEdited> {
        let root = data.root_mut();
        let text = |text: &str| text.as_bytes().to_vec();
        root.set(Tag::SOP_INSTANCE_UID, Vr::UI, text(&self.sop_instance_uid));
        root.set(IMAGE_TYPE, Vr::CS, self.image_type());
        root.set(DERIVATION_DESCRIPTION, Vr::ST, self.description()?);
        root.set(LOSSY_IMAGE_COMPRESSION, Vr::CS, text("01"));
        let ratio = format!("{:.2}", self.ratio);
        root.set(LOSSY_RATIO, Vr::DS, self.after(LOSSY_RATIO, &ratio));
        root.set(LOSSY_METHOD, Vr::CS, self.after(LOSSY_METHOD, self.method));
        let mut source = Elements::new();
        source.set(REFERENCED_SOP_CLASS_UID, Vr::UI, text(&self.sop_class_uid));
        source.set(
            REFERENCED_SOP_INSTANCE_UID,
            Vr::UI,
            text(&self.original_uid),
        );
        // PS3.16 CID 7202, 7203.
        let purpose = code("121320", "Uncompressed predecessor");
        source.set_items(PURPOSE_OF_REFERENCE, vec![purpose]);
        append(root, SOURCE_IMAGES, source)?;
        append(root, DERIVATION_CODES, code("113040", "Lossy Compression"))
    }

    fn kept(&self, tag: Tag) -> Option<&[u8]> {
        let found = self.kept.iter().find(|(other, _)| *other == tag);
        found.and_then(|(_, value)| value.as_deref())
    }

    /// What was there, and one more value.
    fn after(&self, tag: Tag, one_more: &str) -> Vec<u8> {
        match self.kept(tag) {
            Some(before) => [before, b"\\", one_more.as_bytes()].concat(),
            None => one_more.as_bytes().to_vec(),
        }
    }

    /// Its first value is DERIVED (PS3.3 C.7.6.1.1.2).
    fn image_type(&self) -> Vec<u8> {
        let mut values = self
            .kept(IMAGE_TYPE)
            .unwrap_or(b"")
            .splitn(2, |b| *b == b'\\');
        values.next();
        let rest = values.next().unwrap_or(b"PRIMARY");
        [b"DERIVED\\", rest].concat()
    }

    fn description(&self) -> Result<Vec<u8>, NotEdited> {
        let ours = format!(
            "Lossy compression, {}, ratio {:.2}",
            self.method, self.ratio
        );
        let text = match self.kept(DERIVATION_DESCRIPTION) {
            Some(before) => [before, b"; ", ours.as_bytes()].concat(),
            None => ours.into_bytes(),
        };
        if text.len() > ST {
            return Err(NotEdited::coercion(format!(
                "({DERIVATION_DESCRIPTION}) DerivationDescription has no room for what is done to the image: {} bytes, at most {ST}",
                text.len()
            )));
        }
        Ok(text)
    }
}

/// The method of a lossy transfer syntax (PS3.3 C.7.6.1.1.5.1); `None`: it is not lossy.
fn method(transfer_syntax: &str) -> Option<&'static str> {
    let found = LOSSY.iter().find(|(uid, _)| *uid == transfer_syntax);
    found.map(|(_, method)| *method)
}

/// The UID of what becomes of an image (PS3.5 B.2: `2.25.` and 128 bits).
fn derived_uid(original: &str, transfer_syntax: &str) -> String {
    let said = format!("lossy\0{original}\0{transfer_syntax}");
    let digest = digest::digest(&digest::SHA256, said.as_bytes());
    let bits = digest.as_ref().iter().take(16);
    let number = bits.fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    format!("2.25.{number}")
}

/// The bytes of a value without its padding; `None`: there is none.
fn value(elements: &Elements<'_>, tag: Tag) -> Option<Vec<u8>> {
    let bytes = elements.get(tag)?.bytes()?;
    let end = bytes.iter().rposition(|byte| !matches!(byte, b' ' | 0))?;
    Some(bytes[..=end].to_vec())
}

/// A US; 0: there is none.
fn short(root: &Elements<'_>, tag: Tag) -> u16 {
    let bytes = root.get(tag).and_then(|element| element.little_endian());
    let number = bytes.as_deref().and_then(<[u8]>::first_chunk::<2>).copied();
    number.map_or(0, u16::from_le_bytes)
}

/// Why JPEG Baseline cannot encode an image (PS3.5 8.2.1); `None`: that is not why.
fn too_many_bits(root: &Elements<'_>, transfer_syntax: &str) -> Option<String> {
    let bits = short(root, BITS_STORED);
    let is_too_much = transfer_syntax == "1.2.840.10008.1.2.4.50" && bits > 8;
    is_too_much.then(|| format!("it takes 8 bits; this image has {bits}"))
}

/// Bytes of the pixels if they were not compressed (PS3.3 C.7.6.3).
fn native_size(root: &Elements<'_>) -> f64 {
    let short = |tag| f64::from(short(root, tag));
    let frames = value(root, FRAMES)
        .and_then(|text| String::from_utf8(text).ok()?.trim().parse().ok())
        .unwrap_or(1.0);
    let samples = short(SAMPLES_PER_PIXEL) * short(ROWS) * short(COLUMNS) * frames;
    samples * short(BITS_ALLOCATED) / 8.0
}

/// Bytes of the compressed pixels, without their offset table (PS3.5 A.4); `None`: there are none.
fn encoded_size(encoded: &Elements<'_>) -> Option<f64> {
    let fragments = encoded.get(Tag::PIXEL_DATA)?.fragments()?;
    let size = fragments.skip(1).map(<[u8]>::len).sum::<usize>();
    (size > 0).then_some(size as f64)
}

/// A code of DCM (PS3.3 8.8).
fn code<'f>(value: &str, meaning: &str) -> Elements<'f> {
    let mut code = Elements::new();
    code.set(CODE_VALUE, Vr::SH, value.as_bytes().to_vec());
    code.set(CODING_SCHEME, Vr::SH, b"DCM".to_vec());
    code.set(CODE_MEANING, Vr::LO, meaning.as_bytes().to_vec());
    code
}

fn append<'f>(root: &mut Elements<'f>, tag: Tag, item: Elements<'f>) -> Result<(), NotEdited> {
    let there = match root.get_mut(tag) {
        Some(element) => element.items_mut().map_err(damaged)?,
        None => None,
    };
    match there {
        Some(items) => items.push(item),
        None => root.set_items(tag, vec![item]),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::derived_uid;

    #[test]
    fn the_uid_follows_from_the_original_and_the_syntax() {
        let jpeg = derived_uid("1.2.3", "1.2.840.10008.1.2.4.50");
        assert_eq!(jpeg, derived_uid("1.2.3", "1.2.840.10008.1.2.4.50"));
        assert_ne!(jpeg, derived_uid("1.2.4", "1.2.840.10008.1.2.4.50"));
        assert_ne!(jpeg, derived_uid("1.2.3", "1.2.840.10008.1.2.4.51"));
        assert!(jpeg.len() <= 64 && jpeg.starts_with("2.25."));
    }
}
