//! What a recipe may not change: what says which instance it is, and how its bytes are read.

use sendqueue_dicom::Tag;
use sendqueue_dicom::path::Path;

/// A receiver knows an instance by these (PS3.4 B.4.1.3): another one would be another instance.
const UIDS: [Tag; 4] = [
    Tag::SOP_CLASS_UID,
    Tag::SOP_INSTANCE_UID,
    Tag::STUDY_INSTANCE_UID,
    Tag::SERIES_INSTANCE_UID,
];

/// What pixels are (PS3.3 C.7.6.3), beside (7FE0,xxxx).
const OF_PIXELS: [Tag; 12] = [
    Tag(0x0028, 0x0002), // SamplesPerPixel
    Tag(0x0028, 0x0004), // PhotometricInterpretation
    Tag(0x0028, 0x0006), // PlanarConfiguration
    Tag(0x0028, 0x0008), // NumberOfFrames
    Tag(0x0028, 0x0010), // Rows
    Tag(0x0028, 0x0011), // Columns
    Tag(0x0028, 0x0100), // BitsAllocated
    Tag(0x0028, 0x0101), // BitsStored
    Tag(0x0028, 0x0102), // HighBit
    Tag(0x0028, 0x0103), // PixelRepresentation
    Tag(0x0028, 0x7FE0), // PixelDataProviderURL
    Tag(0x0028, 0x2110), // LossyImageCompression
];

/// `Err`: what is allowed.
pub(super) fn may_change(path: &Path) -> Result<(), String> {
    let (top, leaf) = (path.top(), path.leaf());
    for tag in [top, leaf] {
        if UIDS.contains(&tag) {
            return Err(
                "another tag: a recipe keeps the UIDs of study, series and instance".to_owned(),
            );
        }
        if tag == Tag::SPECIFIC_CHARACTER_SET {
            return Err("another tag: a recipe keeps the character set".to_owned());
        }
        if tag.0 <= 0x0002 {
            return Err("a tag of the data set (group 0004 or more)".to_owned());
        }
        if tag.is_group_length() || tag == Tag::DIGITAL_SIGNATURES_SEQUENCE {
            return Err("another tag: what depends on the others is removed anyway".to_owned());
        }
        if tag.0 == 0x7FE0 || OF_PIXELS.contains(&tag) {
            return Err(
                "another tag: a recipe keeps pixels, and what says how to read them".to_owned(),
            );
        }
    }
    Ok(())
}

/// Whether a whole group may go; `Err`: what is allowed.
pub(super) fn may_remove_group(group: u16) -> Result<(), String> {
    let holds_kept = UIDS.iter().chain(&OF_PIXELS).any(|tag| tag.0 == group);
    if holds_kept || group <= 0x0002 || group == 0x7FE0 || group >= 0xFFFA {
        return Err(format!(
            "another group, or single tags: {group:04x} holds what a recipe keeps"
        ));
    }
    Ok(())
}
