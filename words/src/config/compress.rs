//! `Compress` of a destination: images are encoded for it, by the codecs of Orthanc and its plugins.
//!
//! Invariants:
//! - What loses something is asked for by name and by `"Lossy": true`: nobody loses pixels by a slip of the pen.
//! - A quality is refused: Orthanc's plugin interface takes none, and its own `DicomLossyTranscodingQuality` holds for
//!   all that it encodes.

use super::mistake::Mistakes;
use super::raw::{Node, Object};

/// The transfer syntax that images are encoded in for a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    /// Its UID.
    pub transfer_syntax: &'static str,
    /// What comes out is another instance, with a SOP Instance UID of its own (PS3.4 B.4.1.3).
    pub lossy: bool,
}

const KEYS: [&str; 3] = ["TransferSyntax", "Lossy", "Quality"];

/// What Orthanc can encode, by itself or with its GDCM plugin (1.10.1 to 1.13.0, each tried): PS3.5 A.4.
const LOSSLESS: [(&str, &str); 4] = [
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless"),
    ("1.2.840.10008.1.2.4.70", "JPEG Lossless, first order"),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless"),
];
const LOSSY: [(&str, &str); 4] = [
    ("1.2.840.10008.1.2.4.50", "JPEG Baseline"),
    ("1.2.840.10008.1.2.4.51", "JPEG Extended"),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS Near-lossless"),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000"),
];

fn named(table: &[(&str, &str)]) -> String {
    let names: Vec<String> = table
        .iter()
        .map(|(uid, name)| format!("{uid} ({name})"))
        .collect();
    names.join(", ")
}

/// Reads `Compress`; `None`: with a mistake. `null` is no compression, over what `Defaults` says.
pub(super) fn compress(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Option<Compression>> {
    if node.value.is_null() {
        return Some(None);
    }
    let section = node.section(&KEYS, mistakes)?;
    let quality = section.get("Quality");
    if let Some(quality) = &quality {
        quality.wrong(
            mistakes,
            "nothing: Orthanc takes no quality from its plugins; its own DicomLossyTranscodingQuality holds for all that it encodes",
        );
    }
    let flag = section.get("Lossy");
    let lossy = match &flag {
        Some(flag) => flag.boolean(mistakes),
        None => Some(false),
    };
    // Where it is not known whether it may lose something, it is not told that it does.
    let syntax = syntax(node, &section, lossy.unwrap_or(true), mistakes)?;
    let lossy = lossy.filter(|_| quality.is_none())?;
    let is_lossy = LOSSY.iter().any(|(uid, _)| *uid == syntax);
    if lossy && !is_lossy {
        let allowed = "false, or none, with a lossless transfer syntax";
        flag?.wrong(mistakes, allowed);
        return None;
    }
    Some(Some(Compression {
        transfer_syntax: syntax,
        lossy,
    }))
}

fn syntax(
    node: &Node<'_>,
    section: &Object<'_>,
    lossy: bool,
    mistakes: &mut Mistakes,
) -> Option<&'static str> {
    let lossless = named(&LOSSLESS);
    let losing = named(&LOSSY);
    let allowed = format!(
        "the UID of a transfer syntax for images: lossless {lossless}; with \"Lossy\": true also {losing}"
    );
    let Some(written) = section.get("TransferSyntax") else {
        node.wrong(mistakes, format!("with TransferSyntax, {allowed}"));
        return None;
    };
    let text = written.text(&allowed, mistakes)?;
    let find = |table: &[(&'static str, &str)]| {
        let found = table.iter().find(|(uid, _)| *uid == text);
        found.map(|(uid, _)| *uid)
    };
    if let Some(uid) = find(&LOSSLESS) {
        return Some(uid);
    }
    match find(&LOSSY) {
        Some(uid) if lossy => Some(uid),
        Some(_) => {
            let allowed = format!(
                "a lossless transfer syntax, {lossless}, or \"Lossy\": true beside it, since this one loses a part of what is there"
            );
            written.wrong(mistakes, allowed);
            None
        }
        None => {
            written.wrong(mistakes, allowed);
            None
        }
    }
}
