//! Digital signatures (PS3.3 C.12.1.1.3.1.1), which a change makes untrue.

use crate::element::Content;
use crate::{Elements, Malformed, Tag};

/// Removes (FFFA,FFFA) at every level, and answers how many there were. (0400,0561) Original Attributes Sequence is
/// left as it is: what is in it is history.
///
/// A sequence without these bytes in it is not read, and stays as it is.
///
/// # Errors
///
/// A sequence that may have one is damaged.
pub fn remove_signatures(elements: &mut Elements<'_>) -> Result<usize, Malformed> {
    let signatures = Tag::DIGITAL_SIGNATURES_SEQUENCE;
    let mut removed = usize::from(elements.remove(signatures).is_some());
    for element in elements.iter_mut() {
        if element.tag() == Tag::ORIGINAL_ATTRIBUTES_SEQUENCE {
            continue;
        }
        match &element.content {
            Content::Items(items) if items.may_have(signatures) => {}
            _ => continue,
        }
        for item in element.items_mut()?.into_iter().flatten() {
            removed += remove_signatures(item)?;
        }
    }
    Ok(removed)
}

/// A tag in little endian.
pub(crate) fn bytes_of(tag: Tag) -> [u8; 4] {
    let ([a, b], [c, d]) = (tag.0.to_le_bytes(), tag.1.to_le_bytes());
    [a, b, c, d]
}
