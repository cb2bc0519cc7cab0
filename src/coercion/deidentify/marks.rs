//! What a de-identified instance says of itself (PS3.3 C.7.1.1, C.12.1.1; PS3.15 E.1.1 step 6 to 8).

use sendqueue_dicom::{Elements, Tag, Vr};

use super::table::EDITION;
use crate::config::deidentify::{BASIC, Code, ProfileOption};

const PATIENT_IDENTITY_REMOVED: Tag = Tag(0x0012, 0x0062);
const METHOD: Tag = Tag(0x0012, 0x0063);
const METHOD_CODES: Tag = Tag(0x0012, 0x0064);
const DATES_MODIFIED: Tag = Tag(0x0028, 0x0303);

/// Sets them, in the place of those that are there: each names the profile with its options as they are in force.
/// Nothing that changes from version to version is in them: a retry gives the same bytes.
pub fn mark(root: &mut Elements<'_>, options: &[ProfileOption]) {
    let method = format!("Orthanc send queue, PS3.15 {EDITION}");
    root.set(PATIENT_IDENTITY_REMOVED, Vr::CS, b"YES".to_vec());
    root.set(METHOD, Vr::LO, method.into_bytes());
    let codes = std::iter::once(BASIC).chain(options.iter().map(|one| one.code()));
    root.set_items(METHOD_CODES, codes.map(item).collect());
    root.set(DATES_MODIFIED, Vr::CS, dates(options).as_bytes().to_vec());
}

fn item<'f>((value, meaning): Code) -> Elements<'f> {
    let mut item = Elements::new();
    item.set(Tag(0x0008, 0x0100), Vr::SH, value.as_bytes().to_vec());
    item.set(Tag(0x0008, 0x0102), Vr::SH, b"DCM".to_vec());
    item.set(Tag(0x0008, 0x0104), Vr::LO, meaning.as_bytes().to_vec());
    item
}

fn dates(options: &[ProfileOption]) -> &'static str {
    let has = |option| options.contains(&option);
    match () {
        () if has(ProfileOption::RetainFullDates) => "UNMODIFIED",
        () if has(ProfileOption::RetainModifiedDates) => "MODIFIED",
        () => "REMOVED",
    }
}
