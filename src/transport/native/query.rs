//! The data sets of a C-FIND at IMAGE level (PS3.4 C.4.1, C.6.2.1.4) and of a storage commitment (PS3.4 J.3.2.1.1), in
//! Implicit VR Little Endian.
//!
//! Invariant: what a receiver sends is read as far as it can be, and proves nothing else.

use sendqueue_dicom::{DataSet, Elements, Piece, Tag, Vr};

use super::contexts::IMPLICIT_VR_LE;
use super::part10::uid;
use crate::transport::confirm::known::Parents;
use crate::transport::confirm::report::Pair;

const QUERY_RETRIEVE_LEVEL: Tag = Tag(0x0008, 0x0052);
const INSTANCE_AVAILABILITY: Tag = Tag(0x0008, 0x0056);
const REFERENCED_SOP_CLASS_UID: Tag = Tag(0x0008, 0x1150);
const REFERENCED_SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x1155);
const TRANSACTION_UID: Tag = Tag(0x0008, 0x1195);
const REFERENCED_SOP_SEQUENCE: Tag = Tag(0x0008, 0x1199);

/// Asks for the instances of a series that have one of these SOP Instance UIDs (list of UID matching, PS3.4 C.2.2.2.2).
///
/// # Errors
/// In words.
pub fn identifier(parents: &Parents, sop_instances: &[&str]) -> Result<Vec<u8>, String> {
    encode(|root| {
        let level = b"IMAGE".to_vec();
        root.set(QUERY_RETRIEVE_LEVEL, Vr::CS, level);
        let mut put = |tag, uids: &str| root.set(tag, Vr::UI, uids.as_bytes().to_vec());
        put(Tag::SOP_INSTANCE_UID, &sop_instances.join("\\"));
        put(Tag::STUDY_INSTANCE_UID, &parents.study);
        put(Tag::SERIES_INSTANCE_UID, &parents.series);
    })
}

/// What a match of a C-FIND says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub sop_instance: String,
    /// It knows the instance and does not have it (`UNAVAILABLE`, PS3.3 C.4.23.1.1).
    pub is_unavailable: bool,
}

/// Reads a match. `None`: it is none of these parents that names an instance.
pub fn found(identifier: &[u8], parents: &Parents) -> Option<Found> {
    let read = DataSet::parse(identifier, IMPLICIT_VR_LE).ok()?;
    let value = |tag: Tag| read.root().get(tag)?.bytes();
    let is = |tag, of: &str| match value(tag) {
        None => true,
        Some(said) => uid(said).is_none_or(|said| said == of),
    };
    if !is(Tag::STUDY_INSTANCE_UID, &parents.study)
        || !is(Tag::SERIES_INSTANCE_UID, &parents.series)
    {
        return None;
    }
    let availability = value(INSTANCE_AVAILABILITY).unwrap_or_default();
    Some(Found {
        sop_instance: uid(value(Tag::SOP_INSTANCE_UID)?)?.to_owned(),
        is_unavailable: availability.trim_ascii() == b"UNAVAILABLE",
    })
}

/// Requests storage commitment of these.
///
/// # Errors
/// In words.
pub fn commitment(transaction: &str, pairs: &[&Pair]) -> Result<Vec<u8>, String> {
    encode(|root| {
        let uid = |text: &str| text.as_bytes().to_vec();
        root.set(TRANSACTION_UID, Vr::UI, uid(transaction));
        let items = pairs.iter().map(|pair| {
            let mut item = Elements::new();
            item.set(REFERENCED_SOP_CLASS_UID, Vr::UI, uid(&pair.sop_class));
            item.set(REFERENCED_SOP_INSTANCE_UID, Vr::UI, uid(&pair.sop_instance));
            item
        });
        root.set_items(REFERENCED_SOP_SEQUENCE, items.collect());
    })
}

fn encode(fill: impl FnOnce(&mut Elements<'_>)) -> Result<Vec<u8>, String> {
    let failed =
        |error: sendqueue_dicom::Malformed| format!("the question cannot be written: {error}");
    let mut data_set = DataSet::parse(&[], IMPLICIT_VR_LE).map_err(failed)?;
    fill(data_set.root_mut());
    let made = |piece| match piece {
        Piece::Made(bytes) => bytes,
        // Of what was read, which is nothing.
        Piece::Kept(_) => Vec::new(),
    };
    let pieces = data_set.encode().map_err(failed)?;
    Ok(pieces.into_iter().flat_map(made).collect())
}
