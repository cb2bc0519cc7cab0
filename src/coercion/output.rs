//! What is sent as another patient's or study's, remembered before it is: should it come back, it is known.

use std::collections::HashSet;

use parking_lot::Mutex;
use sendqueue_dicom::{Element, Elements, Tag, Vr};

use super::NotChanged;
use super::place::{charset, impossible};
use crate::item::{Item, Timestamp};
use crate::store::Outputs;

/// Most outputs that are kept in memory.
const MOST: usize = 5000;

/// Those that were remembered lately, so that not each instance of a study is a write: as sent, as stored.
#[derive(Default)]
pub struct Told(Mutex<HashSet<(String, String)>>);

impl Told {
    /// To be called before an instance is sent with this data set. `renamed`: its SOP Instance UID as sent, if that is
    /// not its own.
    ///
    /// # Errors
    /// It could not be written down.
    pub fn tell(
        &self,
        store: &dyn Outputs,
        item: &Item,
        sent: &Elements<'_>,
        renamed: Option<&str>,
        now: Timestamp,
    ) -> Result<(), NotChanged> {
        let study = study_id(sent)?;
        if study == item.ids.study && renamed.is_none() {
            return Ok(());
        }
        let pair = (study, item.ids.study.clone());
        if renamed.is_none() && self.0.lock().contains(&pair) {
            return Ok(());
        }
        store
            .remember_output(&pair.0, &pair.1, renamed, now)
            .map_err(|error| NotChanged::NotNow(error.to_string()))?;
        let mut told = self.0.lock();
        if told.len() >= MOST {
            told.clear();
        }
        told.insert(pair);
        Ok(())
    }
}

/// The identifier that Orthanc (1.10.1 to 1.13.0) gives to the study of a data set: SHA-1 of Patient ID and Study
/// Instance UID in UTF-8, with `|` between. Of blanks only those at the end do not count; a Patient ID that is missing
/// is an empty one.
///
/// # Errors
/// One of them cannot be read.
pub fn study_id(root: &Elements<'_>) -> Result<String, NotChanged> {
    let text = |tag: Tag, vr: Vr| -> Result<String, NotChanged> {
        let bytes = root.get(tag).and_then(Element::bytes).unwrap_or_default();
        let text = charset(root, None)?.decode(bytes, vr);
        let text = text.map_err(|why| impossible("", tag, why))?;
        let text = text.split('\0').next().unwrap_or_default();
        Ok(text.trim_end_matches(' ').to_owned())
    };
    let patient = text(Tag::PATIENT_ID, Vr::LO)?;
    let study = text(Tag::STUDY_INSTANCE_UID, Vr::UI)?;
    let whole = format!("{patient}|{study}");
    let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, whole.as_bytes());
    let parts = hash.as_ref().chunks(4).map(|part| {
        let digits = part.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<String>()
    });
    Ok(parts.collect::<Vec<String>>().join("-"))
}
