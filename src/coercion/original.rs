//! Original Attributes Sequence (0400,0561): what was changed, told by the instance itself (PS3.3 C.12.1.1.9.2).

use sendqueue_dicom::charset::Charset;
use sendqueue_dicom::{Element, Elements, Tag, Vr};

use super::NotChanged;
use super::changes::Changes;
use super::place::impossible;
use crate::item::Timestamp;

const MODIFIED_ATTRIBUTES: Tag = Tag(0x0400, 0x0550);
const MODIFICATION_DATE_TIME: Tag = Tag(0x0400, 0x0562);
const MODIFYING_SYSTEM: Tag = Tag(0x0400, 0x0563);
const SOURCE_OF_PREVIOUS_VALUES: Tag = Tag(0x0400, 0x0564);
const REASON: Tag = Tag(0x0400, 0x0565);

/// Who changed it, and when.
#[derive(Debug, Clone, Copy)]
pub struct Modified<'a> {
    /// The same at each try: when the item was made, not when it is sent.
    pub at: Timestamp,
    /// Our own AET.
    pub by: &'a str,
    /// The AET that the instance came from; empty: it is not known.
    pub source: &'a str,
}

/// Appends an item to those that are there.
///
/// # Errors
/// The sequence that is there is damaged.
pub fn add_original_attributes<'f>(
    root: &mut Elements<'f>,
    changes: &Changes<'f>,
    modified: Modified<'_>,
) -> Result<(), NotChanged> {
    let mut previous = Elements::new();
    for (tag, element) in changes.previous() {
        match element {
            Some(element) => previous.insert(element.clone()),
            // It had no value.
            None => match root.get(tag).map(Element::vr) {
                Some(Vr::SQ) | None => previous.set_items(tag, Vec::new()),
                Some(vr) => previous.set(tag, vr, Vec::new()),
            },
        }
    }
    let mut item = Elements::new();
    item.set_items(MODIFIED_ATTRIBUTES, vec![previous]);
    for (tag, vr, text) in [
        (MODIFICATION_DATE_TIME, Vr::DT, date_time(modified.at)),
        (MODIFYING_SYSTEM, Vr::LO, modified.by.to_owned()),
        (
            SOURCE_OF_PREVIOUS_VALUES,
            Vr::LO,
            modified.source.to_owned(),
        ),
        (REASON, Vr::CS, "COERCE".to_owned()),
    ] {
        // AETs and digits, which every character set has.
        let ascii = Charset::of(b"").map_err(NotChanged::Impossible)?;
        let value = sendqueue_dicom::text::value(&text, vr, &ascii);
        item.set(tag, vr, value.map_err(|why| impossible("", tag, why))?);
    }
    let all = root.get_mut(Tag::ORIGINAL_ATTRIBUTES_SEQUENCE);
    match all.map(Element::items_mut).transpose()?.flatten() {
        Some(items) => items.push(item),
        None => root.set_items(Tag::ORIGINAL_ATTRIBUTES_SEQUENCE, vec![item]),
    }
    Ok(())
}

/// `YYYYMMDDHHMMSS.FFFFFF+0000` (PS3.5 6.2, DT).
fn date_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    at.strftime("%Y%m%d%H%M%S.%6f+0000").to_string()
}
